"""The nightly prune is a run that says what it deleted; what needs the deleted says so, and tables stop growing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from model.errors import ConnectionBusy, SettingsProblem
from tests.worker.governed import NAME, governed, measuring
from worker.schedule.plan import planned
from worker.settings_tables import RetentionSettings, ScheduleSettings
from worker.usecases.answers import runs
from worker.usecases.audit.receipts import changes, proof
from worker.usecases.erasure.prune import prune
from worker.usecases.kpis import kpis
from worker.usecases.undo import undo

DAY = timedelta(days=1)


@pytest.fixture
def team(tmp_path):
    with governed(tmp_path) as opened:
        opened.deal("Acme")
        yield opened


def keeping(team, **days):
    """The same team with other settings of how long things are kept."""
    settings = team.services.settings.model_copy(update={"retention": RetentionSettings(**days)})
    team.services = replace(team.services, settings=settings)
    return team


def test_a_run_with_deleted_receipts_says_so_when_it_is_asked_for_or_undone(team):
    first = team.run()
    assert changes(team.services, first.run_id)["changes"]
    team.later(days=40)
    keeping(team, receipts_days=31)
    report = prune(team.services, NAME)
    assert report.pruned["receipts"] == 1
    assert "receipts 1" in report.remarks[0]
    shown = runs(team.services)[0]
    assert (shown["kind"], shown["state"], shown["counts"]["pruned"]["receipts"]) == ("prune", "done", 1)
    with pytest.raises(SettingsProblem, match="wrote 1 record, but its receipts were deleted by age"):
        undo(team.services, first.run_id)
    assert "its receipts were deleted by age" in proof(changes(team.services, first.run_id))


def test_kpi_values_of_many_runs_shrink_to_those_of_a_day_and_the_newest_stay(team):
    measured = measuring(team)
    for _ in range(4):
        measured.run()
        team.later(hours=6)
    kept = count(team, "kpi_value")
    team.later(days=8)
    assert prune(team.services, NAME).pruned["kpis"] > 0
    assert count(team, "kpi_value") <= kept / 2
    assert kpis(team.services, NAME)
    assert prune(team.services, NAME).pruned == {}


def count(team, table):
    with team.services.store.database.reading() as sql:
        return sql.rows(f"SELECT count(*) FROM {table}")[0][0]


def test_a_prune_waits_while_a_run_works_on_the_connection(team):
    lease = team.services.store.runs.lease(NAME, "a run", team.services.clock(), 600)
    with pytest.raises(ConnectionBusy):
        prune(team.services, NAME)
    team.services.store.runs.release(lease)


def test_a_run_after_a_prune_that_deleted_everything_it_could_writes_nothing_new(team):
    team.run()
    team.later(days=500)
    team.run()
    before = len(team.writes())
    prune(keeping(team, receipts_days=31, runs_days=31, reports_days=7).services, NAME)
    assert team.run().outcomes["written"] == 0
    assert len(team.writes()) == before


def test_the_schedule_prunes_each_night_before_it_freezes():
    jobs = {job.name: job for job in planned(ScheduleSettings())}
    assert jobs["prune"].task == "prune"
    assert jobs["prune"].times.time < jobs["snapshot"].times.time
