"""A served CRM and a worker that is killed and started again, and what the CRM's logs show afterwards."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import dropwhile, takewhile
from typing import TYPE_CHECKING, Any

import sandbox.hubspot as portals
import sandbox.salesforce as orgs
from sandbox.hubspot.config import config as portal_config
from sandbox.hubspot.seeds import seed as seed_portal
from sandbox.salesforce.config import config as org_config
from store import Store
from tests.connectors.hubspot.portal import PortalDriver
from tests.connectors.salesforce.sales import Sales
from tests.crm_drivers.hubspot import HubspotDriver
from tests.crm_drivers.salesforce import SalesforceDriver
from tests.worker.processes import kill_target
from worker.settings import read_settings
from worker.wiring import connector_for, store_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

POLICIES = """\
version: 1
policies:
  - {id: no-amount, title: No amount, applies_to: is_open, flag_if: amount is blank, severity: warning, points: 10,
     fix: Enter the amount, owner: ops@acme.example}
  - {id: quiet, title: No activity in 14 days, applies_to: is_open, flag_if: days_since(last_activity) >= 14,
     severity: critical, points: 20, fix: Call, owner: ops@acme.example}
"""
SETTINGS = '[policies]\npaths = ["policies.yaml"]\n'
NOON = datetime(2026, 11, 15, 12, tzinfo=UTC)
HOME = "America/New_York"
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Killed:
    """What stood at a kill: calls that the CRM had seen, deals in flight, what the run was doing."""

    calls: int
    in_flight: frozenset[str]
    doing: str


@dataclass
class Wounded:
    """One CRM, one store, and how often its worker was killed."""

    driver: Any
    config: Path
    batch: int = kill_target.BATCH
    kills: list[Killed] = field(default_factory=list)

    def start(self, seam: kill_target.Seam | None = None) -> Any:
        """A run, a minute after the last one."""
        self.driver.clock.set(self.driver.clock.now() + MINUTE)
        self.config.with_name("progress").unlink(missing_ok=True)
        return kill_target.start(self.config, self.driver.clock.now(), seam, self.batch)

    def run(self, seam: kill_target.Seam | None = None) -> int:
        return kill_target.ended(self.start(seam))

    def killed(self, seam: kill_target.Seam) -> Killed:
        """A run that dies at the seam."""
        assert self.run(seam) == -9, f"nothing died at {seam}"
        return self.noted()

    def kill(self, process: Any) -> Killed:
        """End a run that is under way, with SIGKILL."""
        process.kill()
        assert kill_target.ended(process) == -9
        return self.noted()

    def noted(self) -> Killed:
        """What the store and the org say right after a kill."""
        calls, step = len(self.driver.calls), self.config.with_name("progress")
        with self.store() as store:
            flying = frozenset(
                patch.id for batch in store.pushes.in_flight(kill_target.NAME) for patch in batch.patches
            )
        self.kills.append(Killed(calls, flying, (step.exists() and step.read_text()) or "nothing yet"))
        return self.kills[-1]

    def wait_for_a_run(self) -> None:
        """Wait until a run has come through."""
        with self.store() as store:
            until(lambda: any(run["state"] == "done" for run in store.runs.latest(kill_target.NAME)))

    @contextmanager
    def store(self) -> Iterator[Store]:
        opened = Store.open(store_url(read_settings(self.config)))
        yield opened
        opened.close()

    def on_record(self) -> dict[str, dict[str, Any]]:
        """Our fields of every deal, as they stand in the CRM."""
        return {deal: self.driver.record(deal) for deal in self.driver.theirs()}

    def written(self) -> list[tuple[str, str]]:
        """Deal and values of each of our writes that the CRM applied."""
        return [
            (write.id, repr(sorted(write.values.items()))) for write in self.driver.writes() if write.outcome == "ok"
        ]

    def repeated(self) -> list[str]:
        """Deals that were sent the same values twice."""
        return [deal for (deal, _), times in Counter(self.written()).items() if times > 1]

    def read_back(self, kill: Killed) -> frozenset[str]:
        """Deals in flight at a kill that were read after it and before anything was written again.

        No run begins with a push: one that comes first is the killed run's last, logged after its sender had died.
        """
        after = list(dropwhile(self._pushes, self.driver.calls[kill.calls :]))
        asked = " ".join(map(self.driver.asked_by_id, takewhile(lambda call: not self._pushes(call), after)))
        return frozenset(deal for deal in kill.in_flight if deal in asked)

    def _pushes(self, call: dict[str, Any]) -> bool:
        return bool(call["path"].endswith(self.driver.pushes))


def until(happened: Callable[[], object], seconds: float = 120) -> None:
    """Wait for something; raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.02)


@contextmanager
def killable(
    folder: Path,
    deals: int,
    batch: int = kill_target.BATCH,
    settings: str = SETTINGS,
    *,
    kind: str = "salesforce",
    at: datetime = NOON,
    zone: str = HOME,
    policies: str = POLICIES,
) -> Iterator[Wounded]:
    """A provisioned CRM of so many deals, always the same, where everybody works in `zone`.

    `settings`: TOML that stands before the connection's.
    """
    with CRMS[kind](deals, at, zone) as (driver, connection):
        path = written_config(folder, connection.replace(HOME, zone), settings, policies)
        provision(path)
        driver.calls.clear()
        yield Wounded(driver, path, batch)


@contextmanager
def org(deals: int, at: datetime, zone: str) -> Iterator[tuple[SalesforceDriver, str]]:
    made = orgs.new_org()
    orgs.seed(made, deals, seed=7, as_of=at)
    for user in [*made.tables["User"].rows.values()]:
        made.tables["User"].put({**user, "TimeZoneSidKey": zone})
    with orgs.serve(made) as running:
        yield SalesforceDriver(Sales(made, running)), org_config(running)


@contextmanager
def portal(deals: int, at: datetime, zone: str) -> Iterator[tuple[HubspotDriver, str]]:
    made = portals.new_portal(portals.Settings(zone=zone))
    seed_portal(made, deals, seed=7, as_of=at)
    with portals.serve(made) as running:
        yield HubspotDriver(PortalDriver(made, running)), portal_config(running, kill_target.NAME)


CRMS: dict[str, Any] = {"salesforce": org, "hubspot": portal}


def written_config(folder: Path, connection: str, settings: str, policies: str) -> Path:
    path = folder / "sluicegate.toml"
    (folder / "policies.yaml").write_text(policies)
    path.write_text(f"{settings}\n{connection}")
    return path


def provision(path: Path) -> None:
    """Make our fields, as an admin would once; no store is made."""
    connector_for(read_settings(path), kill_target.NAME).provision(None)
