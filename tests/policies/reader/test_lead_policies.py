"""Policies about leads are read with the facts of leads. Their mistakes are reported like those of deal policies."""

from __future__ import annotations

import pytest

from model.sync import Offer
from policies.reporting.rendering import policies_of
from policies.trying.examples import run_examples
from tests.policies.reader.files import policy, problems, read

LEAD = {"subject": "lead", "flag_if": "hours_waiting > 4"}


def problem_text(**changed):
    """The text of the only problem."""
    (problem,) = problems(policy(**{**LEAD, **changed}))
    return problem.partition(": ")[2]


@pytest.mark.parametrize("mode", ["off", "observe", "warn"])
def test_leads_are_a_subject_in_every_mode_but_enforce(mode):
    (one,) = read(policy(**LEAD, mode=mode)).policies
    assert (one.subject, one.mode, one.facts) == ("lead", mode, {"hours_waiting"})


@pytest.mark.parametrize(
    ("flag_if", "says"),
    [
        ("hours_wating > 4", "flag_if: unknown fact 'hours_wating'; did you mean 'hours_waiting'?"),
        ("amount > 4", "flag_if: unknown fact 'amount' (deals have it, a lead does not)"),
        ("stage = 'won'", "flag_if: unknown fact 'stage' (deals have it, a lead does not)"),
        ("status > 4", "flag_if: cannot compare status (choice) with 4 (number)"),
        ("created > 4", "flag_if: cannot compare created (date) with 4 (number)"),
        ("is_open and", "flag_if: something is missing after and"),
    ],
)
def test_a_mistake_in_a_lead_policy_is_reported_with_what_a_lead_has(flag_if, says):
    assert problem_text(flag_if=flag_if).startswith(says)


def test_a_policy_about_deals_may_not_ask_for_what_only_leads_have():
    (problem,) = problems(policy(flag_if="hours_waiting > 4"))
    assert problem.endswith("unknown fact 'hours_waiting' (leads have it, a deal does not)")


def test_the_same_name_may_be_one_fact_of_a_deal_and_another_of_a_lead():
    both = policy(id="a", flag_if="source = 'Web'") + policy(id="b", **LEAD).partition("policies:\n")[2]
    assert [one.subject for one in read(both).policies] == ["opportunity", "lead"]


def test_examples_of_leads_are_run():
    examples = "{flagged: [{hours_waiting: 4.5}], clear: [{hours_waiting: 4}, {}]}"
    assert run_examples(read(policy(**LEAD, examples=examples))) == []
    (wrong,) = run_examples(read(policy(**LEAD, examples="{flagged: [{hours_waiting: 4}]}")))
    assert wrong.text.endswith("this example should be flagged, but it is clear")
    assert "unknown fact 'amount'" in problem_text(examples="{flagged: [{amount: 4}]}")


def test_values_are_those_that_the_connection_has_for_leads():
    known = {"offers": {"lead": Offer(choices={"status": ("New", "Working")}, types={"score": "number"})}}
    assert read(policy(**{**LEAD, "flag_if": "status = 'New' and score > 80"}), **known).policies
    (problem,) = problems(policy(**{**LEAD, "flag_if": "status = 'Nev'"}), **known)
    assert "did you mean 'New'?" in problem


def test_a_fact_of_the_file_has_one_type_on_deals_and_leads():
    text = policy(**LEAD).replace("policies:", "facts: {score: {type: number, meaning: Points}}\npolicies:")
    assert read(text, offers={"lead": Offer(types={"score": "number"})}).policies
    (problem,) = problems(text, offers={"lead": Offer(types={"score": "text"})})
    assert "score is number here, and text on this connection" in problem


def test_a_lead_policy_is_shown_with_its_subject():
    (row,) = policies_of(read(policy(**LEAD)))
    assert (row["subject"], row["english"]) == ("lead", "hours waiting is over 4")


@pytest.mark.parametrize(
    ("key", "value"),
    [("rollout", "everyone"), ("grace_days", "3"), ("at_most_share", "0.5"), ("pausable", "true")],
)
def test_conditions_on_flags_of_records_are_refused(key, value):
    assert problem_text(**{key: value}).startswith(
        f"{key} is for flags on a record, and a policy about a lead puts none there"
    )


def test_a_rollout_of_the_whole_file_is_about_its_deals():
    (one,) = read(policy(**LEAD).replace("policies:", "rollout: {teams: [East]}\npolicies:")).policies
    assert one.rollout is None


def test_a_lead_policy_may_be_off_for_some():
    (one,) = read(policy(**LEAD, mode="off", modes="[{where: source = 'Web', mode: warn}]")).policies
    assert [(case.where.text, case.mode) for case in one.modes] == [("source = 'Web'", "warn")]
    assert "unknown fact 'amount'" in problem_text(modes="[{where: amount > 4, mode: warn}]")


@pytest.mark.parametrize("subject", ["lead", "won deal"])
def test_there_is_nothing_to_waive_where_no_record_carries_a_flag(subject):
    flag_if = LEAD["flag_if"] if subject == "lead" else "amount > 4"
    waiver = "waivers: [{policy: no-activity, deals: ['1'], until: 2026-12-01, reason: Agreed, approved_by: Vera}]\n"
    (problem,) = problems(policy(subject=subject, flag_if=flag_if) + waiver)
    assert problem.endswith(
        f"'no-activity' is about a {subject}, whose record carries no flag: there is nothing to waive"
    )
