"""Spells, visits and moves: hand-written histories."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.model.build import SETTING, day, fact, history, snapshot, wide

BORN = ("2026-10-01T12:00", "Discovery")


def shot(*moves, stage, owners=None, **deal):
    closed = stage.startswith("Closed")
    deals = [{"stage_name": stage, "is_closed": closed, "is_won": stage == "Closed Won"} | deal]
    return snapshot(deals, history(1, BORN, *moves), **({"owners": owners} if owners else {}))


def facts(shot, *names):
    return [fact(name, shot) for name in names]


def kinds(*moves):
    return wide(shot(*moves, stage=moves[-1][1])).moves["kind"].to_list()


def test_a_deal_that_never_moved_is_as_old_in_its_stage_as_it_is():
    stays = facts(shot(stage="Discovery"), "stage_since", "days_in_stage", "days_in_visit", "created_in_stage")
    assert stays == [day("2026-10-01"), 45, 45, "discovery"]


def test_leaving_for_under_two_days_does_not_break_a_visit_and_counts_as_stage_time():
    moved = shot(("2026-10-10T09:00", "Proposal"), ("2026-10-11T23:00", "Discovery"), stage="Discovery")
    assert facts(moved, "stage_since", "days_in_stage", "days_in_visit") == [day("2026-10-01"), 45, 45]


def test_leaving_for_two_local_days_breaks_the_visit_but_all_visits_count_in_stage():
    moved = shot(("2026-10-10T23:00", "Proposal"), ("2026-10-12T01:00", "Discovery"), stage="Discovery")
    assert facts(moved, "stage_since", "days_in_stage", "days_in_visit") == [day("2026-10-12"), 9 + 34, 34]


def test_a_loss_always_ends_a_visit_and_reopening_starts_a_new_spell():
    moved = shot(("2026-10-10T09:00", "Closed Lost"), ("2026-10-11T09:00", "Discovery"), stage="Discovery")
    assert facts(moved, "days_in_stage", "days_in_visit", "reopened_on") == [35, 35, day("2026-10-11")]
    assert fact("closed_on", moved) is None


def test_a_lost_deal_won_later_was_closed_when_it_was_won():
    moved = shot(("2026-10-10T09:00", "Closed Lost"), ("2026-10-20T09:00", "Closed Won"), stage="Closed Won")
    assert facts(moved, "closed_on", "reopened_on", "stage") == [day("2026-10-20"), None, "won"]


def test_snapshots_that_repeat_a_stage_are_no_moves():
    moved = shot(("2026-10-05", "Discovery"), ("2026-10-09", "Proposal"), ("2026-10-20", "Proposal"), stage="Proposal")
    assert wide(moved).moves["kind"].to_list() == ["created", "forward"]
    assert fact("days_in_visit", moved) == 37


@pytest.mark.parametrize(("moves", "last"), [
    ([("2026-10-02", "Proposal")], "forward"),
    ([("2026-10-02", "Negotiation")], "forward"),
    ([("2026-10-02", "Proposal"), ("2026-10-03", "Discovery")], "backward"),
    ([("2026-10-02", "Closed Won")], "won"),
    ([("2026-10-02", "Closed Lost")], "lost"),
    ([("2026-10-02", "Closed Lost"), ("2026-10-03", "Proposal")], "reopened"),
    ([("2026-10-02", "Closed Won"), ("2026-10-03", "Proposal")], "reopened"),
    ([("2026-10-02", "Closed Lost"), ("2026-10-03", "Closed Won")], "won"),
    ([("2026-10-02", "Mystery")], "unknown"),
])  # fmt: skip
def test_a_move_is_named_for_where_it_leads(moves, last):
    assert kinds(*moves)[-1] == last


def test_a_skipped_stage_shows_in_the_orders_of_the_move():
    last = wide(shot(("2026-10-02", "Negotiation"), stage="Negotiation")).moves.row(-1, named=True)
    assert (last["from_order"], last["to_order"], last["from_stage"]) == (1, 3, "discovery")


def test_a_move_at_half_past_eleven_at_night_belongs_to_the_owners_day():
    new_york = [{"id": "u1", "name": "Ada", "is_active": True, "zone": "America/New_York"}]
    moved = shot(("2026-10-11T03:30", "Proposal"), stage="Proposal", owners=new_york)
    assert fact("stage_since", moved) == day("2026-10-10")
    assert wide(moved).moves["on"].to_list()[-1] == day("2026-10-10")


@pytest.mark.parametrize(("instant", "local"), [
    ("2026-11-01T05:30", "2026-11-01"),  # 01:30 in summer time, the hour that comes twice
    ("2026-11-01T03:30", "2026-10-31"),  # 23:30 in summer time
    ("2026-11-02T04:30", "2026-11-01"),  # 23:30 in winter time: one hour later in UTC
])  # fmt: skip
def test_local_days_follow_the_clock_change(instant, local):
    new_york = [{"id": "u1", "name": "Ada", "is_active": True, "zone": "America/New_York"}]
    assert fact("stage_since", shot((instant, "Proposal"), stage="Proposal", owners=new_york)) == day(local)


def test_history_that_ends_elsewhere_than_the_record_leaves_the_stay_unknown():
    behind = shot(stage="Proposal")
    assert facts(behind, "stage", "stage_since", "days_in_stage") == ["proposal", "unknown", "unknown"]


def test_history_that_starts_after_creation_knows_the_visit_but_not_the_creation():
    late = snapshot(
        [{"stage_name": "Proposal"}], history(1, ("2026-10-20", "Discovery"), ("2026-10-25", "Proposal")),
    )  # fmt: skip
    assert facts(late, "created_in_stage", "stage_since", "days_in_stage") == ["unknown", day("2026-10-25"), "unknown"]


def test_a_deal_without_history_has_no_known_stay():
    assert facts(snapshot(), "stage", "created_in_stage", "days_in_visit") == ["discovery", "unknown", "unknown"]


def test_an_actor_that_names_its_kind_is_of_that_kind():
    rows = history(1, BORN, ("2026-10-02", "Proposal"), ("2026-10-09", "Discovery"))
    for row, actor in zip(rows, ("user:5", "automation:17", "integration:9"), strict=True):
        row["actor_id"] = actor
    moves = wide(snapshot([{"stage_name": "Discovery"}], rows)).moves
    assert moves["actor"].to_list() == ["user", "automation", "integration"]


def test_our_own_moves_are_marked():
    rows = history(1, BORN, ("2026-10-02", "Proposal"))
    rows[1]["actor_id"] = "u9"
    setting = replace(SETTING, our_ids=frozenset({"u9"}))
    moves = wide(snapshot([{"stage_name": "Proposal"}], rows), setting=setting).moves
    assert moves["ours"].to_list() == [False, True]
    assert moves["actor"].to_list() == ["unknown", "integration"]
