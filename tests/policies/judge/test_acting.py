"""Planning tasks and moves, as values: what one flag wants, day after day, whatever stands."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.actions import ActionRule, KeptAction
from policies.actions.moves_back import LastMove, Season, plan_moves
from policies.actions.tasks import TITLE, Flag, Standing, TaskDeal, plan_tasks

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FLAG = Flag(1, "quiet", "No activity", "Log a call", "Never touched.", date(2026, 11, 1), date(2026, 11, 10))
WHOSE = TaskDeal("d1", "Acme", "Rita", NOON.date(), {"task_owner": "o1", "task_manager": "o2"})
OWNER, MANAGER = ActionRule("task_owner"), ActionRule("task_manager", 7)


def plan(*flags, rules=(OWNER,), standing=(), used=(), deal=WHOSE, now=NOON):
    known = Standing(standing, frozenset(used))
    return plan_tasks("acme", flags, {"quiet": rules}, {1: deal}, known, now)


def kept(wanted, state="open", **more):
    return KeptAction(
        1, wanted.key, wanted.deal_key, wanted.act.deal, wanted.policy, wanted.kind, wanted.since, state, 1, wanted.act,
        **more,
    )  # fmt: skip


def test_the_key_is_the_same_for_the_same_flag_and_no_other():
    (first,), (again,) = plan(FLAG).make, plan(FLAG, now=NOON + timedelta(days=3)).make
    assert first.key == again.key
    others = [
        plan(replace(FLAG, since=date(2026, 11, 2))).make[0].key,
        plan(FLAG, deal=replace(WHOSE, id="d2")).make[0].key,
        plan(FLAG, rules=(ActionRule("task_manager", 1),)).make[0].key,
        plan(FLAG, used=[first.key]).make[0].key,
    ]
    assert len({first.key, *others}) == 5


def test_a_flag_with_a_day_that_moves_while_it_stands_keeps_its_task():
    (made,) = plan(FLAG).make
    moved = plan(replace(FLAG, since=date(2026, 11, 5)), standing=[kept(made)], used=[made.key])
    assert (moved.make, moved.end) == ([], [])


def test_the_managers_days_count_from_when_the_flag_stood_and_was_seen():
    for day, wanted in ((16, 0), (17, 1)):
        deal = replace(WHOSE, today=date(2026, 11, day))
        assert len(plan(FLAG, rules=(MANAGER,), deal=deal).make) == wanted


def test_a_flag_that_only_an_unknown_holds_gets_no_task_and_loses_none():
    held = replace(FLAG, held=True)
    assert plan(held).make == []
    (made,) = plan(FLAG).make
    assert plan(held, standing=[kept(made)]).end == []


def test_a_title_is_as_long_as_every_crm_takes():
    (made,) = plan(replace(FLAG, fix="x" * 300)).make
    assert len(made.act.title) == TITLE
    assert made.act.title.endswith("…")


def test_a_task_is_due_on_the_next_weekday():
    days = {20: 23, 21: 23, 22: 23, 23: 24}  # the 20th is a Friday
    for today, due in days.items():
        (made,) = plan(FLAG, deal=replace(WHOSE, today=date(2026, 11, today))).make
        assert made.act.due == date(2026, 11, due)


@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_whatever_days_a_flag_stands_it_has_at_most_one_open_task_and_none_when_it_is_gone(days):
    """A run a day over a store kept by hand: each rise of the flag makes one task, each end closes it."""
    standing, used, made = [], set(), 0
    for n, stands in enumerate(days):
        found = plan(*([FLAG] if stands else []), standing=standing, used=used, now=NOON + timedelta(days=n))
        standing = [one for one in standing if one not in found.end]
        standing += [kept(one) for one in found.make]
        used |= {one.key for one in found.make}
        made += len(found.make)
        assert len(standing) == int(stands)
    assert made == sum(stands and (n == 0 or not days[n - 1]) for n, stands in enumerate(days))
    assert len(used) == made


LAST = LastMove("d1", NOON - timedelta(hours=2), "first", "second", None, ordinary=True, open=True)
SEASON = Season(NOON, NOON.date())


def moved(flag=FLAG, last=LAST, season=SEASON, at=None):
    return plan_moves("acme", [flag], {(1, "quiet"): at or LAST.at}, {1: last}, season)


def test_a_fresh_breaching_move_by_a_person_is_taken_back_to_where_it_came_from():
    (found,) = moved()
    assert (found.act.from_stage, found.act.to_stage, found.act.at) == ("second", "first", LAST.at)


@pytest.mark.parametrize(
    "more",
    [
        {"last": replace(LAST, ordinary=False)},
        {"last": replace(LAST, open=False)},
        {"last": replace(LAST, at=NOON - timedelta(hours=24, seconds=1))},
        {"last": replace(LAST, at=NOON + timedelta(seconds=1))},
        {"at": NOON - timedelta(hours=3)},
        {"flag": replace(FLAG, held=True)},
        {"season": Season(NOON, date(2026, 12, 31))},
        {"season": Season(NOON, date(2026, 11, 30), fiscal_year_starts=3)},
    ],
)
def test_any_other_move_stands(more):
    if "last" in more and more["last"].at != LAST.at:
        more["at"] = more["last"].at
    assert moved(**more) == []


def test_two_criteria_missed_by_one_move_take_it_back_once():
    flags = [FLAG, replace(FLAG, policy="other")]
    found = plan_moves("acme", flags, {(1, "quiet"): LAST.at, (1, "other"): LAST.at}, {1: LAST}, SEASON)
    assert len(found) == 1
