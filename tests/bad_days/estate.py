"""The estate: two worker machines, each with a beat, one broker, one store, and connections to local CRMs."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import sandbox.hubspot as portals
import sandbox.salesforce as orgs
from store import Store
from tests.bad_days import servers
from tests.bad_days.supervisor import ROOT, Supervisor, until
from tests.connectors.hubspot.portal import REP
from tests.worker.processes.kill_harness import CRMS
from worker.broker import broker_url
from worker.settings import read_settings
from worker.wiring import connector_for, now, store_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from tests.crm_drivers.driver import CrmDriver

POLICIES: Final = """\
version: 1
policies:
  - {id: no-amount, title: No amount, applies_to: is_open, flag_if: amount is blank, severity: warning, points: 10,
     fix: Enter the amount, owner: ops@acme.example}
  - {id: quiet, title: No activity in 14 days, applies_to: is_open, flag_if: days_since(last_activity) >= 14,
     severity: critical, points: 20, fix: Call, owner: ops@acme.example}
  - {id: late, title: Close date has passed, applies_to: is_open, flag_if: days_since(close_date) > 0,
     severity: warning, points: 15, fix: Set a new date, owner: ops@acme.example}
  - {id: no-step, title: No next step, applies_to: is_open, flag_if: next_step is blank, severity: info, points: 5,
     fix: Write it down, owner: ops@acme.example}
  - {id: alone, title: Nobody on it, applies_to: is_open, flag_if: contact_count < 1, severity: info, points: 2,
     fix: Add a contact, owner: ops@acme.example}
"""
"""They ask only what the CRM itself knows, so that a fresh store is a fair judge of what the old one has written.

No team is too silent to be judged, because what is not known holds what the record shows.
"""
MACHINES: Final = ("a", "b")
LAG_SECONDS: Final = 3
"""After this time a search of HubSpot sees an edit."""


@dataclass(frozen=True)
class Shape:
    """How large the estate is, and what it stands on. A job is due every `seconds`."""

    connections: int = 2
    deals: int = 50
    broker: str = "redis"
    store: str = "postgresql"
    seconds: int = 20
    concurrency: int = 2


@dataclass
class Office:
    """One connection and the CRM behind it."""

    name: str
    driver: CrmDriver
    settings: str

    def on_record(self) -> dict[str, dict[str, Any]]:
        """Our fields of every deal that is there."""
        return {deal: self.driver.record(deal) for deal in self.driver.theirs()}


@dataclass
class Estate:
    """Everything that runs, and what the bench may ask of it."""

    folder: Path
    shape: Shape
    offices: list[Office]
    supervisor: Supervisor
    broker_url: str = ""
    database_url: str = ""

    @property
    def config(self) -> Path:
        """The settings of the product."""
        return self.folder / "sluicegate.toml"

    @cached_property
    def messages(self) -> str:
        """The URL of the broker, also of the embedded one."""
        return broker_url(read_settings(self.config))

    @cached_property
    def store(self) -> Store:
        """The product's store, opened by the bench."""
        return Store.open(store_url(read_settings(self.config)))

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def command(self, *words: str, config: Path | None = None) -> subprocess.CompletedProcess[str]:
        """What an operator types."""
        line = [sys.executable, "-m", "worker.cli", "--config", str(config or self.config), *words]
        return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)

    def current(self, since: datetime) -> bool:
        """Whether a run of each connection that began after the instant has come through."""
        return all(any(self._saw(run, since) for run in self.store.runs.latest(one.name)) for one in self.offices)

    @staticmethod
    def _saw(run: dict[str, Any], since: datetime) -> bool:
        return run["state"] == "done" and run["kind"] in {"full", "incremental"} and run["started_at"] > since

    def given_up(self) -> bool:
        """Whether a job is set aside and has not come through since."""
        return any(self.store.jobs.set_aside(one.name) for one in self.offices)

    def logs(self) -> list[tuple[str, dict[str, Any]]]:
        """Every line that a process of the product has logged as JSON, with the name of its file."""
        return [
            (path.stem, json.loads(line))
            for path in sorted(self.supervisor.logs.glob("*.log"))
            for line in path.read_text(errors="replace").splitlines()
            if line.startswith("{")
        ]


@contextmanager
def estate(folder: Path, shape: Shape) -> Iterator[Estate]:
    """The estate, under way: a first run of each connection has come through."""
    with ExitStack() as stack:
        (folder / "logs").mkdir(parents=True)
        (folder / "poison").mkdir()
        offices = [stack.enter_context(office(number, shape.deals)) for number in range(shape.connections)]
        broker, programs = _broker(shape, folder)
        database = ""
        if shape.store == "postgresql":
            database, more = stack.enter_context(servers.postgresql())
            programs = more | programs
        made = Estate(folder, shape, offices, Supervisor(folder / "logs", programs), broker, database)
        stack.enter_context(made.supervisor.all())
        _start_servers(made)
        _write_settings(made)
        _start_machines(made)
        stack.callback(made.close)
        until(lambda: made.current(made.store.database.now().replace(year=2000)), 400, "a first run of each connection")
        yield made


@contextmanager
def office(number: int, deals: int) -> Iterator[Office]:
    """A CRM with deals, and our connection to it."""
    kind, name = ("salesforce", "hubspot")[number % 2], f"crm{number}"
    with CRMS[kind](deals, now(), "America/New_York") as (driver, written):
        driver.clock.run()
        if kind == "salesforce":
            orgs.add_user(driver.org, REP, "Rita", "Rep", "Standard User", Department="East")
        else:
            portals.add_owner(driver.portal, REP, "Rita", "Rep", teams=[("1", "East")])
            driver.first_stage, driver.second_stage = "appointmentscheduled", "qualifiedtobuy"
        settings = f"{written}[connections.local.activity]\nmin_coverage = 0\n"
        yield Office(name, driver, settings.replace("connections.local", f"connections.{name}"))


def _broker(shape: Shape, folder: Path) -> tuple[str, dict[str, Any]]:
    if shape.broker == "embedded":
        return "", {}
    home = folder / "broker"
    home.mkdir()
    return {"redis": servers.redis, "rabbitmq": servers.rabbitmq}[shape.broker](home)


def _write_settings(made: Estate) -> None:
    (made.folder / "policies.yaml").write_text(POLICIES)
    head = f'broker = {{url = "{made.broker_url}"}}\nstore = {{url = "{made.database_url}"}}\n'
    head += '[policies]\npaths = ["policies.yaml"]\n'
    made.config.write_text(head + "".join(one.settings for one in made.offices))
    for one in made.offices:
        connector_for(read_settings(made.config), one.name).provision(None)


def _start_servers(made: Estate) -> None:
    for name in list(made.supervisor.programs):
        made.supervisor.start(name)
    if made.database_url:
        until(lambda: servers.answers(made.database_url), 60, "the database")
    if made.broker_url:
        until(lambda: servers.waiting(made.broker_url) is not None, 300, "the broker")


def _start_machines(made: Estate) -> None:
    alone = made.shape.broker == "embedded" or made.shape.store == "sqlite"
    for machine in MACHINES:
        given = (made.config, "" if alone else f"machine-{machine}", made.shape.seconds)
        work = ("worker", "--concurrency", str(made.shape.concurrency))
        made.supervisor.programs[f"worker {machine}"] = servers.ours(*given, *work)
        made.supervisor.programs[f"beat {machine}"] = servers.ours(*given, "beat")
        made.supervisor.start(f"worker {machine}")
        made.supervisor.start(f"beat {machine}")
