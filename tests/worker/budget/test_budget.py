"""A budget that all workers share, what is given up first when it runs low, and who starts the run again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.salesforce.connector import SalesforceConnector
from model.sync import Budget
from store import Occasion
from tests.worker.governed import NAME, governed
from worker.meter import PARTS
from worker.pipeline.run import run
from worker.schedule import take_turn
from worker.usecases.budget import budget

HOUR = timedelta(hours=1)
AT = datetime(2026, 11, 16, 12, tzinfo=UTC)


@pytest.fixture
def team(tmp_path):
    """A team with 1,000 calls a day of its own, none of which are used."""
    with governed(tmp_path, budget_share=0.1) as opened:
        opened.driver.clock.set(AT)
        opened.driver.allow(10_000)
        yield opened


def used(team, calls, ago=HOUR, step="pull"):
    """Another worker has sent so many calls."""
    team.services.store.calls.note(NAME, team.services.clock() - ago, step, calls)
    team.services.store.calls.keep_limits(NAME, team.services.clock(), Budget(calls, 10_000))
    team.services.meters.clear()


def steps(team):
    return {step.step: step.given_up for step in budget(team.services, NAME).steps}


def test_the_calls_of_each_step_are_counted_and_shown_with_the_share_and_the_reserve(team):
    team.deal("Acme")
    report = team.run(full=True)
    found = budget(team.services, NAME)
    assert found.calls == report.calls == sum(found.by_step.values())
    assert all(found.by_step[step] for step in ("pull", "push", "check"))
    assert (found.most, found.left, found.reserved) == (1000, 1000 - found.calls, 500)
    assert found.crm_left == 10_000 - found.used


def test_the_order_in_which_steps_are_given_up_begins_with_the_night_and_ends_with_clearing(team):
    order = [step.step for step in budget(team.services, NAME).steps]
    assert order[:4] == ["nudge", "full", "again", "leads"]
    assert set(order[4:6]) == {"push", "act"}
    assert PARTS["clear"] == PARTS["pull"] == 1
    used(team, 650)
    assert [step for step, given_up in steps(team).items() if given_up] == ["nudge", "full"]
    used(team, 200)
    assert [step for step, given_up in steps(team).items() if given_up] == ["nudge", "full", "again", "leads"]


def test_a_full_run_reads_only_what_changed_when_calls_are_few_and_says_when_it_can_read_all(team):
    team.deal("Acme")
    team.run()
    used(team, 650)
    report = team.run(full=True)
    assert report.stopped == ""
    assert "The full read of the night is given up for now: " in report.remarks[0]
    assert "of 600 calls in 24 hours are used (`sluicegate connection budget acme`)." in report.remarks[0]
    assert report.resumes_at == AT - HOUR + 25 * HOUR


def test_flags_are_taken_off_when_there_are_no_calls_left_to_put_any_on(team):
    healed, worse = team.deal("Acme"), team.deal("Borg", amount=5)
    team.run()
    assert "no-amount" in team.shown(healed)
    team.edit(healed, amount=5)
    team.edit(worse, amount=None)
    used(team, 920)
    report = team.run()
    assert "New flags and other changes on records is given up for now" in report.stopped
    assert "no-amount" not in team.shown(healed)
    assert report.outcomes["written"] == 1
    team.later(hours=25)
    assert team.run().stopped == ""
    assert "no-amount" in team.shown(worse)


def test_a_run_without_any_calls_left_asks_the_crm_for_nothing(team):
    used(team, 1000)
    calls = len(team.driver.calls)
    report = run(sharing(team), NAME)
    assert "Our share of the org's daily API calls is used up: 1000 of 1000" in report.stopped
    assert (report.calls, len(team.driver.calls)) == (0, calls)


def sharing(team):
    """Services whose connector counts in the store, as a worker's does."""
    meter = team.services.meter(NAME)
    clock, settings = team.driver.clock.now, team.sales.settings(budget_share=0.1)
    connector = SalesforceConnector(settings, clock=clock, sleep=team.driver.waited.append, allowance=meter)
    return replace(team.services, connect=lambda _name: connector)


def test_two_workers_use_one_share(team):
    first, second = (replace(sharing(team), meters={}) for _ in range(2))
    run(first, NAME)
    run(second, NAME)
    spent = first.connect(NAME).calls + second.connect(NAME).calls
    assert budget(team.services, NAME).calls == spent


def test_what_ran_out_of_calls_is_begun_again_by_the_schedule_when_enough_are_a_day_old(team):
    used(team, 1000)
    asked = Occasion(NAME, "full", AT)
    team.services.store.jobs.first_seen(NAME, "full", AT, AT, ended=False)
    take_turn(team.services, asked, lambda: run(sharing(team), NAME, full=True))
    job = team.services.store.jobs.all()[NAME, "full"]
    assert (job.ended_at, job.not_before) == (None, AT + 24 * HOUR)
    team.later(hours=24)
    take_turn(team.services, asked, lambda: run(sharing(team), NAME, full=True))
    assert team.services.store.jobs.all()[NAME, "full"].ended_at is not None


def test_a_night_that_gave_up_its_full_read_is_begun_again_too(team):
    used(team, 650)
    team.services.store.jobs.first_seen(NAME, "full", AT, AT, ended=False)
    take_turn(team.services, Occasion(NAME, "full", AT), lambda: team.run(full=True))
    assert team.services.store.jobs.all()[NAME, "full"].not_before == AT + 24 * HOUR


def test_the_reserve_is_never_touched_whatever_our_share_is(tmp_path):
    with governed(tmp_path, budget_share=1.0, budget_reserve=0.5) as team:
        team.driver.allow(1000, used=500)
        report = run(sharing(team), NAME)
        assert "has used 50" in report.stopped
        assert report.stopped.endswith("the rest is left to others.")
