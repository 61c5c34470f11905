"""Touches, plans and the next step, and when nobody can know."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from tests.model.build import OWNER, SETTING, at, day, fact, history, snapshot, task_due, wide

BORN = ("2026-10-01T12:00", "Discovery")
LATER = (BORN, ("2026-10-20", "Proposal"))
TOUCH = {"key": 1, "last_touch": at("2026-11-10"), "touches_30d": 2, "newest_seen": day("2026-11-10")}
TEAMS = pl.DataFrame({"team": ["East"], "share": [1.0]})


def deal(changes=(BORN,), activity=None, zone=None, **fields):
    fields = {"stage_name": changes[-1][1]} | fields
    return snapshot([fields], history(1, *changes), [OWNER | {"zone": zone}], activity=[activity] if activity else [])


def fact_value(name, shot, **setting):
    return fact(name, shot, setting=replace(SETTING, **setting), coverage=TEAMS)


def test_a_deal_never_touched_counts_from_its_creation():
    assert [fact_value(name, deal()) for name in ("last_activity", "touched", "touches_30d")] == [
        day("2026-10-01"),
        False,
        0,
    ]


def test_the_clock_starts_anew_at_reopening():
    again = (BORN, ("2026-11-01", "Closed Lost"), ("2026-11-05", "Discovery"))
    old = TOUCH | {"last_touch": at("2026-10-20")}
    assert [fact_value(name, deal(again, old)) for name in ("last_activity", "touched")] == [day("2026-11-05"), False]


def test_a_touch_before_midnight_belongs_to_the_owners_day():
    night = TOUCH | {"last_touch": at("2026-11-11T04:30")}
    assert fact_value("last_activity", deal(activity=night, zone="America/New_York")) == day("2026-11-10")


@pytest.mark.parametrize("fields", [
    {"activity_hint": day("2026-11-11")},
    {"activity": TOUCH | {"vanished_touch": at("2026-11-10T08:00")}},
    {"activity": TOUCH | {"possible_touch": at("2026-11-12")}},
])  # fmt: skip
def test_a_sign_of_a_newer_activity_that_cannot_be_read_makes_touches_unknown(fields):
    shot = deal(**({"activity": TOUCH} | fields))
    assert {fact_value(name, shot) for name in ("last_activity", "touched", "touches_30d")} == {"unknown"}


@pytest.mark.parametrize("fields", [
    {"activity_hint": day("2026-11-10")},
    {"activity_hint": day("2026-11-15")},  # not in the past of as_of
    {"activity": TOUCH | {"vanished_touch": at("2026-11-09")}},
    {"activity": TOUCH | {"possible_touch": at("2026-11-09")}},
])  # fmt: skip
def test_older_signs_change_nothing(fields):
    assert fact_value("last_activity", deal(**({"activity": TOUCH} | fields))) == day("2026-11-10")


def test_a_hint_at_any_activity_where_none_can_be_read_is_unknown():
    assert fact_value("last_activity", deal(activity_hint=day("2026-10-05"))) == "unknown"


def test_a_team_that_logs_almost_nothing_has_unknown_activity_not_broken():
    shot = deal(activity=TOUCH)
    quiet = pl.DataFrame({"team": ["East"], "share": [0.29]})
    assert fact("last_activity", shot, coverage=quiet) == "unknown"
    assert fact("last_activity", shot, coverage=TEAMS) == day("2026-11-10")
    teamless = replace(shot, owners=shot.owners.with_columns(team=pl.lit(None, pl.String)))
    assert fact("last_activity", teamless, coverage=quiet) == day("2026-11-10")


def test_coverage_counts_open_deals_touched_in_thirty_days():
    from model.widening.activity_facts import coverage

    east = [{"key": key} for key in range(1, 6)]
    shot = snapshot(
        [*east, {"key": 6, "is_closed": True}, {"key": 7, "owner_id": "u3"}],
        owners=[OWNER, {"id": "u3", "team": None}], activity=[TOUCH, {"key": 6, "touches_30d": 1}],
    )  # fmt: skip
    assert coverage([shot]).to_dicts() == [{"team": "East", "open_deals": 5, "touched": 1, "share": 0.2}]


def test_of_a_team_with_few_open_deals_nobody_says_that_it_logs_nothing():
    from model.widening.activity_facts import coverage

    shot = snapshot([{}, {"key": 2}, {"key": 3}, {"key": 4}], owners=[OWNER], activity=[])
    assert coverage([shot])["share"].to_list() == [None]


@pytest.mark.parametrize(("zone", "due", "counts"), [
    ("UTC", "2026-11-15", True),
    ("UTC", "2026-11-14", False),
    ("Pacific/Auckland", "2026-11-15", False),  # it is the 16th there
])  # fmt: skip
def test_a_task_is_a_plan_until_its_local_day_is_over(zone, due, counts):
    shot = deal(activity=TOUCH | task_due(due), zone=zone)
    assert fact_value("next_activity", shot) == (day(due) if counts else None)
    assert fact_value("has_next_step", shot) is counts


@pytest.mark.parametrize(("zone", "due", "plan"), [
    ("UTC", ("2026-11-14", "2026-11-20"), "2026-11-20"),
    ("Pacific/Auckland", ("2026-11-15", "2026-11-20"), "2026-11-20"),  # it is the 16th there
    ("Pacific/Auckland", ("2026-11-15", "2026-11-16"), "2026-11-16"),
    ("Pacific/Pago_Pago", ("2026-11-15", "2026-11-20"), "2026-11-15"),
])  # fmt: skip
def test_an_overdue_task_hides_no_later_plan(zone, due, plan):
    shot = deal(activity=TOUCH | task_due(*due), zone=zone)
    assert fact_value("next_activity", shot) == day(plan)
    assert fact_value("has_next_step", shot) is True


@pytest.mark.parametrize(("text", "written", "changes", "answer"), [
    ("Send offer", "2026-10-25", LATER, True),
    ("Send offer", "2026-10-20", LATER, True),  # the day of the move
    ("Send offer", "2026-10-19", LATER, False),  # written for an earlier stage
    ("Send offer", None, LATER, "unknown"),  # of unknown age
    ("Send offer", None, (BORN,), True),  # the visit began at creation
    (" TBD ", "2026-10-25", LATER, False),
    ("n/a", None, LATER, False),
    (None, None, LATER, False),
])  # fmt: skip
def test_a_text_is_a_next_step_if_it_is_fresh_and_no_filler(text, written, changes, answer):
    shot = deal(changes, next_step=text, next_step_changed=at(written) if written else None)
    assert fact_value("has_next_step", shot) == answer


@pytest.mark.parametrize("plan", [
    {"next_meeting": at("2026-11-20")}, task_due("2026-11-20"), {"undated_task": True},
])  # fmt: skip
def test_a_plan_is_a_next_step_whatever_the_text(plan):
    shot = deal(LATER, TOUCH | plan, next_step="Send offer", unread=";next_step;")
    assert fact_value("has_next_step", shot) is True


def test_without_a_plan_an_unread_text_or_late_activities_leave_the_next_step_unknown():
    assert fact_value("has_next_step", deal(unread=";next_step;")) == "unknown"
    assert fact_value("has_next_step", deal(), feeds_late=frozenset({"activities"})) == "unknown"
    assert fact_value("has_next_step", deal(next_step="Send offer"), feeds_late=frozenset({"activities"})) is True


def test_a_mapped_due_date_in_the_past_is_overdue_and_counts_as_none_but_hides_no_plan():
    facts = {"mapped": frozenset({"next_step_due"})}
    overdue = deal(next_step="Send offer", facts='{"next_step_due":"2026-11-14"}')
    assert [fact_value(n, overdue, **facts) for n in ("has_next_step", "next_step_due")] == [False, day("2026-11-14")]
    planned = deal(activity=TOUCH | {"next_meeting": at("2026-11-20")}, facts='{"next_step_due":"2026-11-14"}')
    assert [fact_value(n, planned, **facts) for n in ("has_next_step", "next_step_due")] == [True, day("2026-11-20")]


def test_the_next_step_belongs_to_an_active_owner_or_to_nobody():
    assert fact_value("next_step_owner", deal()) == "Ada"
    gone = snapshot(owners=[OWNER | {"is_active": False}])
    assert fact_value("next_step_owner", gone) is None


def test_why_activity_is_unknown_is_reported():
    assert wide(deal(activity_hint=day("2026-11-01")), coverage=TEAMS).frame["_activity_unknown"].item() == "hidden"
