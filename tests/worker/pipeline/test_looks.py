"""A look each minute finds the deals on which somebody works, for one call, and moves no cursor of the pull."""

import pytest

from sandbox.salesforce.events import create_as, delete_as, edit_as
from tests.connectors.salesforce.sales import REP
from tests.worker.governed import NAME, governed
from tests.worker.pipeline.test_nudges import PLAIN, settled, under, waiting
from worker.pipeline.nudging.look import STREAM, look


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("looks")
    with governed(folder, "salesforce", activity={"min_coverage": 0}, look_every_minute=True) as made:
        team = under(made, PLAIN)
        deals = settled(team, deals=16, days=20)
        look(team.services, NAME)
        yield team, iter(deals)


@pytest.fixture
def team(calm):
    return calm[0]


@pytest.fixture
def deal(calm):
    return next(calm[1])


def looked(team):
    """A minute passes, and somebody looks; returns the calls."""
    team.later(minutes=1)
    before = team.services.connect(NAME).calls
    look(team.services, NAME)
    return team.services.connect(NAME).calls - before


def task(team, deal, **values):
    given = {"WhatId": deal, "Subject": "Call", "Status": "Completed", "TaskSubtype": "Call"}
    return create_as(team.sales.org, REP, "Task", given | values)


ACTS = {
    "a logged call": (task, ["no-amount", "alone"]),
    "a meeting that was held": (
        lambda team, deal: create_as(team.sales.org, REP, "Event", {
            "WhatId": deal, "Subject": "Met", "DurationInMinutes": 30,
            "ActivityDateTime": team.services.clock().strftime("%Y-%m-%dT%H:%M:%S.000Z")}),
        ["no-amount", "alone"],
    ),
    "a new contact role": (lambda team, deal: team.driver.contact(deal, "Champion"), ["no-amount", "quiet"]),
    "an amount": (lambda team, deal: team.edit(deal, amount=5), ["quiet", "alone"]),
}  # fmt: skip


@pytest.mark.parametrize("act", ACTS)
def test_what_a_rep_does_takes_the_flag_off_at_the_next_look(team, deal, act):
    do, left = ACTS[act]
    cursors = {stream: at for stream, at in team.services.store.mirror.cursors(NAME).items() if stream != STREAM}
    do(team, deal)
    looked(team)
    if act == "an amount" and "no-amount" in team.shown(deal):  # the first row of a field's history concerns every deal
        team.run()
    assert team.shown(deal) == left
    now = {stream: at for stream, at in team.services.store.mirror.cursors(NAME).items() if stream != STREAM}
    assert now == cursors or act == "an amount"


def test_a_look_that_finds_nothing_costs_one_call_and_our_own_writes_are_nothing(team, deal):
    task(team, deal)
    looked(team)
    assert [looked(team) for _ in range(3)] == [1, 1, 1]
    assert waiting(team) == []
    counted = team.services.store.calls.of_day(NAME, team.services.clock())
    assert sum(one.calls for one in counted if one.step == "nudge") >= 4


def test_a_task_that_goes_to_another_deal_or_into_the_bin_is_seen_on_both(team, deal, calm):
    other, made = next(calm[1]), task(team, deal)
    looked(team)
    assert "quiet" not in team.shown(deal)
    edit_as(team.sales.org, REP, "Task", made, {"WhatId": other})
    looked(team)
    assert ("quiet" in team.shown(deal), "quiet" in team.shown(other)) == (True, False)
    delete_as(team.sales.org, REP, "Task", made)
    looked(team)
    assert "quiet" in team.shown(other)


def test_while_a_run_holds_the_connection_what_a_look_found_waits(team, deal):
    task(team, deal)
    lease = team.services.store.runs.lease(NAME, "a run", team.services.clock(), 600)
    looked(team)
    assert deal in waiting(team)
    team.services.store.runs.release(lease)
    team.services.store.nudges.forget(NAME)


def test_a_crm_that_is_busy_is_looked_at_the_next_time(team, deal):
    task(team, deal)
    team.driver.fault("unavailable", "api", count=20)
    looked(team)
    team.driver.faults.clear()
    looked(team)
    assert "quiet" not in team.shown(deal)


def test_looks_end_when_half_of_our_share_is_used(team):
    team.later(minutes=1)
    allowed = team.services.connect(NAME).budget().allowed
    team.services.store.calls.note(NAME, team.services.clock(), "pull", allowed // 2)
    assert looked(team) == 0
