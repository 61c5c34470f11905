"""A fact that needs something unknown is unknown, never blank, zero or false."""

import pytest

from model.facts import FACTS
from model.judging_options import Setting
from model.records import OPPORTUNITY
from tests.model.build import FEEDS, OWNER, at, day, fact, history, snapshot, task_due

MOVES = history(1, ("2026-10-01T12:00", "Discovery"))
DIRECT = [(name, need) for name, one in FACTS.items() for need in one.needs if need in OPPORTUNITY and not one.partly]
NAMELESS = {"id": "u1", "name": "Ada"}
"""An owner of whom only the name is known, as an exported report has it."""


def unread(*columns, **said):
    """The first deal, of which these columns could not be read."""
    return snapshot([said | dict.fromkeys(columns) | {"unread": f";{';'.join(columns)};"}], MOVES)


@pytest.mark.parametrize(("name", "need"), [pair for pair in DIRECT if pair[1] not in {"id", "stage_name"}])
def test_a_fact_of_a_column_that_could_not_be_read_is_unknown(name, need):
    assert fact(name, unread(need)) == "unknown"


@pytest.mark.parametrize("name", ["owner", "team", "region", "owner_is_active", "next_step_owner"])
def test_what_is_known_of_an_owner_only_is_unknown_without_the_owner(name):
    assert fact(name, unread("owner_id")) == "unknown"
    assert fact(name, snapshot([{"owner_id": "u9"}], MOVES)) == "unknown"


@pytest.mark.parametrize("name", ["last_activity", "created_in_stage", "days_in_stage", "days_in_visit", "stage_since"])
def test_what_counts_from_the_creation_is_unknown_without_its_day(name):
    assert fact(name, unread("created")) == "unknown"


def test_an_owner_of_whom_only_the_name_is_known_owns_the_next_step_and_may_have_left():
    shot = snapshot(changes=MOVES, owners=[NAMELESS])
    assert fact("next_step_owner", shot) == "Ada"
    assert fact("owner_is_active", shot) == "unknown"
    assert fact("next_step_owner", snapshot(changes=MOVES, owners=[OWNER | {"is_active": False}])) is None


def test_nobody_owns_the_next_step_of_a_deal_without_an_owner():
    shot = snapshot([{"owner_id": None}], MOVES)
    assert [fact(name, shot) for name in ("next_step_owner", "owner", "owner_is_active", "team")] == [None] * 4


def test_the_owner_of_the_next_step_is_unknown_where_the_tasks_owner_is():
    shot = snapshot(changes=MOVES, activity=[{"key": 1, **task_due("2026-11-20", owner="u9")}])
    assert fact("next_step_owner", shot) == "unknown"


def test_an_amount_in_another_currency_has_no_known_rate_without_the_day_of_close():
    euro = {"currency": "EUR", "on": day("2026-01-01"), "multiply": 2, "divide": 1}
    deal = {"currency": "EUR", "close_date": None, "unread": ";close_date;"}
    assert fact("amount_home", snapshot([deal], MOVES, rates=[euro])) == "unknown"
    assert fact("amount_home", snapshot([deal | {"unread": ""}], MOVES, rates=[euro])) == 2000


def test_a_next_step_with_a_day_that_could_not_be_read_may_be_overdue():
    due = Setting(kind="salesforce", mapped=frozenset({"next_step_due"}))
    said = {"next_step": "Call", "next_step_changed": at("2026-11-10T12:00"), "unread": ";next_step_due;"}
    assert fact("has_next_step", snapshot([said], MOVES), setting=due) == "unknown"
    assert fact("has_next_step", snapshot([said | {"unread": ""}], MOVES), setting=due) is True


def test_a_late_feed_makes_its_facts_unknown_and_none_of_them_zero():
    for feed in FEEDS:
        late = Setting(kind="salesforce", feeds_late=frozenset({feed}))
        found = {name: fact(name, snapshot(changes=MOVES), setting=late) for name in FACTS if feed in FACTS[name].needs}
        assert {name for name, value in found.items() if value in (0, False)} == set()
