"""From facts to a verdict."""

from dataclasses import replace
from datetime import date

import pytest

from model.previous_verdict import BREACHES, DEAL_VERDICTS, FINDINGS, PreviousVerdict
from policies.judging.context import Context
from policies.judging.judge import judge
from policies.language import FactRef, Stands
from policies.reporting.report import rule_counts
from tests.policies.judge import views
from tests.policies.judge.build import blank, condition, day, policies, policy, since, wide, yes

STALE = {"last_activity": date(2026, 11, 3), "amount": 5}
FRESH = {"last_activity": date(2026, 11, 15), "amount": 5}


STALENESS = (policy(),)


def verdict(*deals, rules=STALENESS, **more):
    return judge(wide(*deals, **more), policies(*rules), PreviousVerdict(), Context())


def outcome(v, policy_id="no-activity"):
    return v.frame[f"{policy_id}.broken"].to_list()


def test_a_policy_is_broken_passed_or_unknown_deal_by_deal():
    assert outcome(verdict(STALE, FRESH, {"unknown": ["last_activity"]})) == [True, False, None]


@pytest.mark.parametrize(
    ("applies", "flag", "expected"),
    [
        (True, True, "broken"), (True, False, "passed"), (True, None, "unknown"),
        (False, True, "not_applicable"), (False, False, "not_applicable"), (False, None, "not_applicable"),
        (None, True, "unknown"), (None, False, "unknown"), (None, None, "unknown"),
    ],
)  # fmt: skip
def test_applies_and_flag_combine_as_the_contract_says(applies, flag, expected):
    deal = {"is_test": applies, "owner_is_active": flag}
    deal["unknown"] = [name for name in ("is_test", "owner_is_active") if deal[name] is None]
    rule = policy("p", yes("owner_is_active"), applies_to=yes("is_test"))
    count = rule_counts(verdict(deal, rules=(rule,)))["p"]._asdict()
    assert {name: n for name, n in count.items() if n and name != "missing"} == {expected: 1}


def test_counts_name_the_facts_that_were_missing():
    v = verdict(STALE, FRESH, {"unknown": ["last_activity"]}, {"unknown": ["last_activity"]})
    assert rule_counts(v)["no-activity"] == (1, 1, 2, 0, {"last_activity": 2})


def test_a_policy_on_an_unmapped_fact_is_dormant_and_not_judged():
    rules = (policy(), policy("no-budget", yes("budget_confirmed")))
    v = verdict(STALE, rules=rules, dormant=frozenset({"budget_confirmed"}))
    assert v.dormant == ("no-budget",)
    assert list(rule_counts(v)) == ["no-activity"]
    assert views.scores(v)["score"].to_list() == [85]


def test_a_policy_that_is_off_is_not_judged_nor_dormant():
    v = verdict(STALE, rules=(policy(mode="off"),), dormant=frozenset({"last_activity"}))
    assert (v.dormant, rule_counts(v)) == ((), {})


def test_an_observed_policy_is_listed_but_never_shown_nor_scored():
    v = verdict(
        STALE | {"next_step": None}, rules=(policy(mode="observe"), policy("no-step", blank("next_step"), points=10))
    )
    assert views.findings(v).select("policy", "shown").rows() == [("no-activity", False), ("no-step", True)]
    assert views.scores(v)["score"].to_list() == [90]


def test_a_flag_of_a_closed_deal_is_not_shown_and_the_deal_has_no_score_and_no_gate():
    v = verdict(STALE | {"is_open": False, "is_won": True})
    assert views.findings(v).select("status", "shown").rows() == [("broken", False)]
    assert views.deals(v).select("score", "score_reason", "gate").rows() == [(None, None, None)]


def test_frames_have_the_stores_schemas():
    v = verdict(STALE, {"unknown": ["last_activity"]})
    assert (views.findings(v).schema, views.deals(v).schema, v.breaches().schema) == (FINDINGS, DEAL_VERDICTS, BREACHES)


def test_an_empty_pipeline_has_an_empty_verdict():
    full = wide(STALE)
    v = judge(replace(full, frame=full.frame.clear()), policies(policy()), PreviousVerdict(), Context())
    assert (views.findings(v).height, views.deals(v).height, v.breaches().height) == (0, 0, 0)


def test_where_every_rule_is_only_observed_no_deal_has_a_score():
    found = views.scores(verdict(STALE, rules=())).row(0)
    assert found == (1, None, "every policy is only observed here")


def test_first_seen_stays_while_the_flag_stays():
    rule = policies(policy("no-amount", blank("amount")))
    deal = {"amount": None, "last_activity": date(2026, 11, 3)}
    first = judge(wide(deal), rule, PreviousVerdict(), Context())
    again = judge(wide(deal, on=day("2026-12-01")), rule, views.previous(first), Context())
    assert views.findings(again).equals(views.findings(first))


def test_a_flag_that_was_clear_in_between_is_seen_anew():
    rules, previous = policies(policy("stale", since("last_edit", 1))), PreviousVerdict()
    for on, edited in (("2026-11-10", "2026-11-01"), ("2026-11-12", "2026-11-12"), ("2026-11-20", "2026-11-12")):
        v = judge(wide({"last_edit": day(edited)}, on=day(on)), rules, previous, Context())
        previous = views.previous(v)
    assert views.findings(v).select("since", "first_seen").rows() == [(day("2026-11-13"), day("2026-11-20"))]


def test_a_policy_on_a_fact_that_only_its_file_declares_is_dormant():
    v = verdict(STALE, rules=(policy("big", condition(Stands(FactRef("is_big", "yes/no")))),))
    assert (v.dormant, rule_counts(v)) == (("big",), {})
