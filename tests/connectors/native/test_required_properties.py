"""HubSpot can ask every deal of a pipeline to have a property filled in, and no more; the table says no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.hubspot.setup.native import native
from model.sync import Source
from policies.files import read_policies
from tests.connectors.native.crm_orgs import described, stages

GATE = """version: 1
processes:
  - id: sales
    applies_to: {claim}
    stages:
      - {{id: talk, names: {{hubspot: [appointmentscheduled, Discovery]}}}}
      - {{id: offer, names: {{hubspot: [qualifiedtobuy, Proposal]}}, exit: [
          {{id: it, title: It, require: {require}, fix: Do it{more}}}]}}
      - {{id: sign, names: {{hubspot: [contractsent]}}}}
      - {{id: won, names: {{hubspot: [Closed Won]}}}}
"""
CLAIM = "pipeline = 'Sales Pipeline'"


def answered(require, claim=CLAIM, more="", **sources):
    policies = read_policies({"a.yaml": GATE.format(require=require, claim=claim, more=more)})
    description = described("hubspot", policies)
    description = replace(description, sources=description.sources | sources)
    return native(policies, description, stages("hubspot"))


def rows(answer):
    return [(row["pipeline"], row["stage"], row["property"], row["why"][0]["enforced"]) for row in answer.table]


def left(answer):
    return [reason for one in answer.unsaid for reason in one.why]


def test_a_filled_in_property_is_all_that_the_gate_asks_at_each_later_stage_skips_included():
    answer = answered("outstanding_issue is not blank")
    later = [("Sales Pipeline", stage, "outstanding_issue", "whole") for stage in ("Contract Sent", "Closed Won")]
    assert rows(answer) == later
    assert answer.unsaid == ()


def test_a_value_that_the_gate_asks_beyond_that_is_reported_as_not_enforced():
    answer = answered("terms_agreed and amount > 5000")
    assert {(name, enforced) for _, _, name, enforced in rows(answer)} == {
        ("terms_agreed", "in part"), ("amount", "in part"),
    }  # fmt: skip
    assert left(answer) == [
        "“terms agreed” is not asked, only that Terms Agreed is filled in",
        "“amount is over 5,000” is not asked, only that Amount is filled in",
    ]


@pytest.mark.parametrize(
    ("require", "asked", "reason"),
    [
        ("need_confirmed or budget_confirmed", set(), "“need confirmed or budget confirmed” is not asked"),
        ("need_confirmed or (need_confirmed and budget_confirmed)", {"need_confirmed"}, "only that Need Confirmed is"),
        ("not is_test", set(), "“is not test” is not asked"),
        ("not (is_test or outstanding_issue is blank)", {"outstanding_issue"}, "only that Outstanding Issue is filled"),
        ("touched and terms_agreed", {"terms_agreed"}, "touched follows from activities"),
        ("source is not blank", set(), "source cannot be filled in by people"),
        ("has_champion", set(), "has_champion follows from contacts and their roles"),
        ("amount_home > 5", set(), "amount_home is worked out from several fields"),
    ],
)  # fmt: skip
def test_only_what_has_to_be_filled_in_is_asked(require, asked, reason):
    answer = answered(require)
    assert {name for _, _, name, _ in rows(answer)} == asked
    assert reason in "; ".join(left(answer))


def test_filler_passes_and_is_reported():
    answer = answered("outstanding_issue is not blank", more=", filler: [tbd, '.']")
    assert left(answer) == [".; tbd in Outstanding Issue count as filled in".replace(";", ",")]
    assert {enforced for *_, enforced in rows(answer)} == {"in part"}


def test_an_empty_yes_no_that_is_read_as_no_is_still_asked_for_and_one_read_as_yes_is_not():
    empty_is_no = Source("terms_agreed", "bool", "Terms", when_blank=False)
    assert {name for _, _, name, _ in rows(answered("terms_agreed", terms_agreed=empty_is_no))} == {"terms_agreed"}
    for require, value in (("terms_agreed", True), ("terms_agreed = false", False)):
        assert rows(answered(require, terms_agreed=replace(empty_is_no, when_blank=value))) == []


def test_a_process_that_claims_by_more_than_the_pipeline_has_no_table_for_it_would_ask_others_deals():
    answer = answered("terms_agreed", claim=f"{CLAIM} and segment = 'smb'")
    assert rows(answer) == []
    assert "no pipeline here is surely" in left(answer)[0]
    assert left(answer)[0].endswith("deals are claimed by segment")


def test_a_pipeline_where_no_stage_lies_before_the_gate_asks_nothing():
    answer = answered("terms_agreed", claim="pipeline = 'Renewals'")
    assert [stage for _, stage, _, _ in rows(answer)] == ["Closed Won"]
    first = GATE.replace("exit", "entry").replace("[appointmentscheduled, Discovery]", "[appointmentscheduled]")
    policies = read_policies({"a.yaml": first.format(require="terms_agreed", claim="pipeline = 'Renewals'", more="")})
    made = native(policies, described("hubspot", policies), stages("hubspot"))
    assert made.table == ()
    assert "no forward move" in left(made)[0]


def test_a_standing_criterion_is_left_to_sluicegate():
    assert "as long as a deal is in the stage" in left(answered("terms_agreed", more=", holds: while_in"))[0]
