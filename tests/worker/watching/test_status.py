"""`worker status`: who is alive, what runs now, what is due and what waits."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from store import Occasion, this_process
from tests.worker.governed import NAME, AfterThePull, governed, with_connector
from tests.worker.watching.clinic import Clinic
from worker.cli.screen.status import show_status
from worker.watching.status import status

PAGE = (Path(__file__).parents[3] / "docs" / "contract.md").read_text()
AFAR = "elsewhere boot 8 1"


@pytest.fixture
def clinic(tmp_path):
    with governed(tmp_path) as team:
        yield Clinic(team)


def now_of(team):
    return status(team.services, team.services.clock())


def test_workers_and_beats_are_listed_and_those_that_went_silent_are_known_to(clinic):
    clinic.team.later(seconds=30)
    clinic.alive("worker", AFAR)
    clinic.team.later(seconds=30)
    found = now_of(clinic.team)
    assert [(one["host"], one["pid"], one["alive"]) for one in found["workers"]] == [
        ("elsewhere", 8, True), ("elsewhere", 7, False),
    ]  # fmt: skip
    assert [one["alive"] for one in found["beats"]] == [False]


@dataclass
class Seen:
    """What the status says in the middle of a run."""

    team: Any
    answer: Any = None

    def look(self) -> None:
        self.answer = now_of(self.team)["connections"][0]


def test_a_run_under_way_is_shown_with_its_step_and_the_age_of_its_lease(clinic):
    seen = Seen(clinic.team)
    began = clinic.team.services.clock()
    report = with_connector(clinic.team, AfterThePull(clinic.team.services.connect(NAME), seen.look)).run()
    assert seen.answer["now"] == {
        "run_id": report.run_id, "kind": "incremental", "step": "pull", "since": began.isoformat(), "lease_age": 0.0,
        "host": this_process().split(" ")[0], "pid": int(this_process().split(" ")[2]),
    }  # fmt: skip
    after = now_of(clinic.team)["connections"][0]
    assert (after["now"], after["last_good"]["run_id"]) == (None, report.run_id)


def test_a_run_of_a_dead_process_is_not_under_way(clinic):
    services = clinic.team.services
    services.store.runs.lease(NAME, "a run", services.clock(), 40, process=f"{this_process()}0")
    assert now_of(clinic.team)["connections"][0]["now"] is None


def test_each_job_says_what_becomes_of_it(clinic):
    jobs, now = clinic.team.services.store.jobs, clinic.team.services.clock()
    for name in ("waits", "works", "later", "done", "given up"):
        jobs.first_seen(NAME, name, now, now, ended=name == "done")
    jobs.begin(Occasion(NAME, "works", now), now, 40, AFAR)
    jobs.postpone(jobs.begin(Occasion(NAME, "later", now), now, 40), now + timedelta(minutes=5))
    jobs.give_up(jobs.begin(Occasion(NAME, "given up", now), now, 40), "set aside: it ended its process", now)
    found = {job["job"]: job["state"] for job in now_of(clinic.team)["connections"][0]["jobs"]}
    assert found == {
        "waits": "waiting", "works": "under way", "later": "put off", "done": "done", "given up": "set aside",
    }  # fmt: skip


def test_people_read_it_as_a_table(clinic, capsys):
    clinic.team.run()
    clinic.team.services.store.connections.pause(NAME, "quarter end", clinic.team.services.clock())
    show_status(now_of(clinic.team))
    told = capsys.readouterr().out
    assert "1 worker process alive: elsewhere 7.\n1 beat alive: " in told
    assert re.search(r"acme +│ 1, 2026-\d\d-\d\d \d\d:\d\d UTC │ paused: quarter end │ +│ +│", told)


def test_the_contract_names_every_key(clinic):
    seen = Seen(clinic.team)
    with_connector(clinic.team, AfterThePull(clinic.team.services.connect(NAME), seen.look)).run()
    clinic.team.services.store.jobs.first_seen(
        NAME, "full", clinic.team.services.clock(), clinic.team.services.clock(), ended=True
    )
    answer = now_of(clinic.team) | {"now": seen.answer["now"]}
    text = PAGE.split("### `worker status`\n")[1].split("\n### ")[0]
    keys = set(re.findall(r'"(\w+)":', json.dumps(answer)))
    assert keys <= set(re.findall(r"`(\w+)`", text))
