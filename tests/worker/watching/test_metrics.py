"""The metrics: what Prometheus reads, computed from the store, so that any number of processes agree."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from sandbox import serving
from store import Occasion, this_process
from tests.worker.governed import NAME, governed
from tests.worker.watching.clinic import Clinic
from worker.schedule.broker_reach import why_unreachable
from worker.settings import BrokerSettings, GivenSettings
from worker.watching import figures
from worker.watching.exposition import exposition
from worker.watching.metrics import METRICS
from worker.watching.web import web_app


@pytest.fixture
def clinic(tmp_path):
    with governed(tmp_path) as team:
        yield Clinic(team)


def scraped(services: Any) -> dict[tuple[str, ...], float]:
    """Name and values of labels → value."""
    text, _ = exposition(lambda: services)
    families = text_string_to_metric_families(text.decode())
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_runs_writes_refusals_and_calls_are_counted_by_connection(clinic):
    team = clinic.team
    team.deal("Good", amount=10)
    bad = team.deal("Refused", amount=10)
    team.sales.org.faults.add(how="record", code="STRING_TOO_LONG", message="no", ids=(bad,), count=None)
    report = team.run()
    team.later(hours=1)
    team.run()
    found = scraped(team.services)
    assert found["sluicegate_runs_total", NAME, "done"] == 2
    assert found["sluicegate_patches_total", NAME, "written"] == report.outcomes["written"] == 1
    assert found["sluicegate_patches_total", NAME, "refused"] == 1
    assert found["sluicegate_calls_24h", NAME] == team.services.connect(NAME).calls
    assert found["sluicegate_last_run", NAME, "done"] == 1
    assert found["sluicegate_last_good_sync_age_seconds", NAME] == 0
    assert found["sluicegate_sync_interval_seconds", NAME] == 3600


def test_counts_do_not_fall_when_receipts_and_runs_are_deleted_by_their_age(clinic):
    clinic.team.deal("Acme", amount=10)
    clinic.team.run()
    with clinic.team.services.store.database.writing() as sql:
        sql.run("DELETE FROM patch")
        sql.run("DELETE FROM run")
    found = scraped(clinic.team.services)
    assert found["sluicegate_patches_total", NAME, "written"] == found["sluicegate_runs_total", NAME, "done"] == 1


def test_a_run_whose_process_was_killed_is_counted_once_by_the_next_one(clinic):
    store, now = clinic.team.services.store, clinic.team.services.clock()
    lease = store.runs.lease(NAME, "a run", now, 40, process=f"{this_process()}0")
    store.runs.start(NAME, now, "", "", "incremental", lease, at=now)
    clinic.team.run()
    found = scraped(clinic.team.services)
    assert (found["sluicegate_runs_total", NAME, "killed"], found["sluicegate_runs_total", NAME, "done"]) == (1, 1)


def test_a_connection_that_falls_behind_shows_its_age_and_the_end_of_its_newest_run(clinic):
    clinic.team.run()
    clinic.team.driver.fault("unavailable", count=None)
    clinic.team.later(hours=3)
    clinic.team.run()
    found = scraped(clinic.team.services)
    assert found["sluicegate_last_good_sync_age_seconds", NAME] == 3 * 3600
    assert found["sluicegate_last_run", NAME, "stopped"] == 1
    assert found["sluicegate_feed_age_seconds", NAME, "activities"] == 3 * 3600


def test_jobs_leases_and_what_is_left_of_the_budget_are_gauges(clinic):
    team, store = clinic.team, clinic.team.services.store
    team.driver.allow(1000)
    team.run()
    now = team.services.clock()
    store.jobs.first_seen(NAME, "full", now - timedelta(minutes=5), now, ended=False)
    store.jobs.begin(Occasion(NAME, "incremental", now), now, 40, "elsewhere boot 1 1")
    store.runs.lease(NAME, "a run", now, 40)
    team.later(seconds=15)
    found = scraped(team.services)
    assert (found["sluicegate_jobs", NAME, "waiting"], found["sluicegate_jobs", NAME, "under way"]) == (1, 1)
    assert found["sluicegate_job_wait_seconds", NAME] == 5 * 60 + 15
    assert (found["sluicegate_run_age_seconds", NAME], found["sluicegate_lease_age_seconds", NAME]) == (15, 15)
    used, share = found["sluicegate_calls_24h", NAME], found["sluicegate_budget_calls", NAME]
    assert (share, found["sluicegate_budget_left_calls", NAME]) == (200, 200 - used)


def test_beats_and_workers_that_are_alive_are_counted(clinic):
    services, seen = clinic.team.services, clinic.team.services.clock()
    clinic.alive("worker", "elsewhere boot 9 1")
    found = figures.figures(services, seen + timedelta(seconds=3))
    assert found["sluicegate_processes_alive"] == [(("worker",), 2), (("beat",), 1)]
    assert found["sluicegate_beat_look_age_seconds"] == [((), 3)]
    assert this_process() in {process.id for process in services.store.processes.all()}


class Away:
    """A store that cannot be reached."""

    @property
    def store(self) -> Any:
        raise sa.exc.OperationalError("SELECT hush", {}, Exception("hush"))


def test_records_that_wait_to_be_read_at_once_are_counted_with_their_age(tmp_path):
    with governed(tmp_path, look_every_minute=True) as team:
        team.services.store.nudges.note(NAME, [("opportunity", "d1"), ("opportunity", "d2")], team.services.clock())
        team.later(minutes=5)
        found = scraped(team.services)
        assert (found["sluicegate_nudges_waiting", NAME], found["sluicegate_nudge_wait_seconds", NAME]) == (2, 300)
        team.services.store.nudges.forget(NAME)
        assert scraped(team.services)["sluicegate_nudge_wait_seconds", NAME] == 0


def test_a_store_that_is_away_is_one_metric(clinic):
    assert scraped(Away()) == {("sluicegate_store_up",): 0}


def test_every_metric_has_a_name_of_its_own_and_a_meaning(clinic):
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    clinic.team.run()
    names = {name for name, *_ in scraped(clinic.team.services)}
    assert names <= {metric.name for metric in METRICS}


@contextmanager
def served(services: Any, broker: Any):
    """The app; `broker` says why the broker cannot be reached."""
    port, stop = serving.start(web_app(lambda: services, broker), name="web")
    try:
        yield lambda path: requests.get(f"http://127.0.0.1:{port}{path}", timeout=10)
    finally:
        stop()


def test_the_app_is_alive_while_store_and_broker_are_away_and_ready_only_with_both(tmp_path):
    nowhere = GivenSettings(home=tmp_path, broker=BrokerSettings(url=SecretStr("redis://:hush@127.0.0.1:1/0")))
    with served(Away(), lambda: why_unreachable(nowhere)) as get:
        assert (get("/healthz").status_code, get("/healthz").text) == (200, "ok")
        ready = get("/readyz")
        assert (ready.status_code, ready.json()) == (
            503, {"store": "it cannot be reached", "broker": "nothing listens at its host and port"},
        )  # fmt: skip
        assert get("/metrics").text.splitlines()[-1] == "sluicegate_store_up 0.0"


def test_a_crm_that_is_down_leaves_the_app_ready(clinic):
    clinic.team.driver.fault("unavailable", count=None)
    clinic.team.run()
    with served(clinic.team.services, lambda: None) as get:
        assert (get("/readyz").status_code, get("/readyz").json()) == (200, {"store": "ok", "broker": "ok"})
        answer = get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        assert 'sluicegate_last_run{connection="acme",state="stopped"} 1.0' in answer.text
