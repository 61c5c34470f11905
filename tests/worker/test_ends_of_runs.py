"""How a run ends is told once, to those who read the log and to those who list the runs."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from model.errors import RetryLater
from sandbox.salesforce import SYNC
from sandbox.salesforce.events import user_id
from sandbox.salesforce.org import Rule
from tests.worker.governed import NAME, governed, with_connector
from worker.log import log, start_logging, stop_logging
from worker.usecases.answers import runs


@pytest.fixture
def team(tmp_path):
    with governed(tmp_path) as opened:
        yield opened


@dataclass
class Door:
    """A door to the CRM whose pull fails."""

    door: Any
    error: Exception

    def __getattr__(self, name: str) -> Any:
        return getattr(self.door, name)

    def pull(self, *_: Any, **__: Any) -> Any:
        raise self.error


def broken(team, error):
    return with_connector(team, Door(team.services.connect(NAME), error))


def ends(lines):
    return [line for line in lines if line["event"] == "run ended"]


def test_a_run_ends_in_one_line_with_its_id_outcome_seconds_calls_and_counts(team):
    team.deal("Acme")
    with capture_logs() as lines:
        report = team.run()
    (end,) = ends(lines)
    assert (end["log_level"], end["outcome"], end["connection"]) == ("info", "done", NAME)
    assert (end["run"], end["calls"]) == (int(report.run_id), report.calls)
    assert (end["counts"]["deals"], end["counts"]["written"]) == (1, 1)
    assert end["seconds"] >= 0


def test_a_crm_that_is_down_is_a_warning_and_a_fault_is_an_error(team):
    with capture_logs() as lines:
        broken(team, RetryLater("Salesforce is out of order.", 60)).run()
        with pytest.raises(ZeroDivisionError):
            broken(team, ZeroDivisionError()).run()
    assert [(line["log_level"], line["outcome"]) for line in ends(lines)] == [
        ("warning", "Salesforce is out of order."), ("error", "fault"),
    ]  # fmt: skip


def test_every_line_of_a_run_carries_its_id(team, monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    start_logging()
    try:
        broken(team, RetryLater("down", 60)).run()
        log().info("between runs")
    finally:
        stop_logging()
    first, last = map(json.loads, written.getvalue().splitlines())
    assert (first["event"], first["run"], first["level"]) == ("run ended", 1, "warning")
    assert "run" not in last


def test_runs_list_start_end_duration_trigger_and_outcome(team):
    scheduled = replace(team, services=replace(team.services, trigger="schedule"))
    scheduled.run()
    (found,) = runs(team.services)
    at = team.driver.clock.now().isoformat()
    assert (found["started_at"], found["ended_at"], found["seconds"]) == (at, at, 0.0)
    assert (found["trigger"], found["outcome"]) == ("schedule", "done")


def test_trouble_that_repeats_is_told_when_it_begins_and_when_it_ends(team):
    us = user_id(team.sales.org, SYNC)
    team.sales.org.rules["Opportunity.Name"] = Rule(
        "Opportunity", lambda _old, _new, actor: "Not by you" if actor.id == us else None
    )
    team.deal("Acme")
    (told,) = team.run().trouble["begun"]
    assert "Not by you" in told
    for _ in range(2):
        team.later(hours=1)
        assert team.run().trouble == {"begun": [], "lasting": [told], "ended": []}
    team.sales.org.rules.clear()
    team.later(hours=24)
    assert team.run().trouble == {"begun": [], "lasting": [], "ended": [told]}


@dataclass
class AwayForSeconds:
    """The runs of a store whose database cannot be reached for some tries at the end of a run."""

    runs: Any
    tries: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.runs, name)

    def end(self, *given: Any) -> None:
        self.tries.append("end")
        if len(self.tries) <= 2:
            raise sa.exc.OperationalError("", {}, Exception("away"))
        self.runs.end(*given)


@dataclass
class StoreOf:
    store: Any
    runs: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


def test_a_database_that_is_away_for_seconds_leaves_no_run_open(team):
    away = AwayForSeconds(team.services.store.runs)
    flaky = replace(team, services=replace(team.services, store=StoreOf(team.services.store, away)))
    flaky.run()
    assert (len(away.tries), runs(team.services)[0]["outcome"]) == (3, "done")
