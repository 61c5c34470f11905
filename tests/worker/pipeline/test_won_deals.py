"""Won deals are judged and listed, and their records are left alone."""

from __future__ import annotations

import pytest

from policies.files import read_policies
from tests.worker.governed import NAME
from tests.worker.packed import packed, switched_on
from worker.usecases.answers import deals, explain
from worker.usecases.digest import digest
from worker.usecases.steps import judge_only

HANDED_OVER = {
    "success_notified": True, "contract_signed": True, "onboarding_started": True, "introduced": True,
    "first_contact_hours": 3, "handoff_filled_percent": 95, "success_criteria": "Ten users a day by March",
    "kickoff_done": True, "context_document": True, "welcome_sent": True,
}  # fmt: skip
"""A handoff that nobody can fault."""
ROWS = {
    # policy: the handoff's gap that it is about
    "success-not-told": {"success_notified": False},
    "onboarding-not-started": {"introduced": False},
    "first-contact-late": {"first_contact_hours": 24.5},
    "first-contact-missing": {"first_contact_hours": ""},
    "handoff-incomplete": {"handoff_filled_percent": 90},
    "success-criteria-missing": {"success_criteria": "tbd"},
    "kick-off-late": {"kickoff_done": False},
    "context-or-welcome-missing": {"welcome_sent": False},
}
OPEN_AND_WON = b"""version: 1
policies:
  - {id: small, title: Small, flag_if: amount < 100, severity: warning, points: 10, fix: Sell more, owner: ops}
  - {id: small-win, title: Small win, subject: won deal, flag_if: amount < 100, severity: critical, points: 90,
     fix: Sell more, owner: ops}
  - {id: seen-win, title: Seen, subject: won deal, mode: observe, flag_if: amount < 100, severity: info, points: 1,
     fix: Sell more, owner: ops}
"""


@pytest.fixture
def team(crm, tmp_path):
    with packed(tmp_path, crm, OPEN_AND_WON) as opened:
        yield opened


@pytest.fixture
def handoff(crm, tmp_path):
    with packed(tmp_path, crm, switched_on("handoff.yaml")) as opened:
        yield opened


def won(team, name, **changes):
    """A deal won today."""
    deal = team.deal(name, **changes)
    team.edit(deal, stage=team.driver.won)
    return deal


def test_every_policy_of_the_handoff_pack_finds_the_gap_it_is_about(handoff):
    made = {policy: won(handoff, policy) for policy in ROWS}
    good, never_won = won(handoff, "good"), handoff.deal("still open")
    handoff.says(good, **HANDED_OVER)
    for policy, gap in ROWS.items():
        handoff.says(made[policy], **{**HANDED_OVER, **gap})
    handoff.later(days=10)
    handoff.run()
    assert {policy.id for policy in read_policies({"p": switched_on("handoff.yaml")}).policies} == ROWS.keys()
    assert {policy: handoff.flags(deal) for policy, deal in made.items()} == {policy: [policy] for policy in ROWS}
    assert handoff.flags(good) == handoff.flags(never_won) == []


def test_a_flag_of_a_won_deal_is_listed_and_never_written_nor_scored(team):
    deal = won(team, "Tiny", amount=5)
    before = team.theirs()[deal]
    report = team.run()
    assert (report.findings, report.new, report.patches, team.writes()) == (3, 0, 0, [])
    verdict = team.verdict(deal)
    values = {flag["policy"]: (flag["shown"], flag.get("subject")) for flag in verdict["flags"]}
    assert values == {"small": (False, None), "small-win": (False, "won deal"), "seen-win": (False, "won deal")}
    assert (verdict["score"], verdict["gate"]) == (None, None)
    assert set(team.on_record(deal).values()) == {None}
    assert team.theirs()[deal] == before


def test_people_are_shown_the_won_deals_that_need_them(team):
    tiny, fine, open_deal = won(team, "Tiny", amount=5), won(team, "Fine", amount=500), team.deal("Open", amount=5)
    team.run()
    assert {deal["id"] for deal in deals(team.services, NAME, flagged=True)} == {tiny, open_deal}
    answer = explain(team.services, NAME, tiny)
    (flag,) = (flag for flag in answer["deal"]["flags"] if flag["policy"] == "small-win")
    assert flag["evidence"]["text"] == "Amount 5; flagged below 100."
    assert [line["points"] for line in answer["ledger"]] == [0]
    assert team.flags(fine) == []


def test_the_digest_tells_what_is_on_records_and_nothing_of_won_deals(team):
    won(team, "Tiny", amount=5)
    open_deal = team.deal("Open", amount=5)
    team.run()
    rows = [line["id"] for rep in digest(team.services, NAME)["reps"] for line in rep["lines"]]
    assert rows == [open_deal]


def test_an_open_deal_costs_what_its_own_policies_say(team):
    deal = team.deal("Open", amount=5)
    team.run()
    assert team.flags(deal) == ["small"]
    assert team.on_record(deal)["score"] == 90


def test_a_won_deal_that_is_opened_again_loses_the_flags_of_won_ones(team):
    deal = won(team, "Again", amount=5)
    team.run()
    team.edit(deal, stage=team.driver.first_stage)
    team.later(minutes=30)
    team.run()
    assert team.flags(deal) == ["small"]


def test_a_deal_won_before_the_first_run_stays_as_it_is_through_later_ones(team):
    deal = won(team, "Old", amount=5)
    team.later(days=300)
    team.run()
    team.later(days=1)
    assert team.run(full=True).patches == 0
    assert "small-win" in team.flags(deal)
    assert team.writes() == []


def test_counts_by_policy_take_open_deals_for_not_applicable(team):
    won(team, "Tiny", amount=5)
    won(team, "Fine", amount=500)
    team.deal("Open", amount=5)
    team.run()
    counts = {row["policy"]: row for row in judge_only(team.services, NAME, None)["policies"]}
    assert [counts["small-win"][name] for name in ("broken", "passed", "not_applicable")] == [1, 1, 1]
