"""From a rep's edit to the flag gone, with worker, beat, web and CRM as processes; `--times` edits of each kind."""

from __future__ import annotations

import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sandbox.hubspot.activity import complete_task, log_task
from sandbox.hubspot.config import config as hubspot_config
from sandbox.salesforce.config import config as salesforce_config
from sandbox.salesforce.events import create_as, edit_as
from tests.benches.measure import Row
from tests.connectors.hubspot.portal import REP as HUB_REP
from tests.connectors.salesforce.sales import REP
from tests.crm_drivers import CRM_DRIVERS
from worker.wiring import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT: Final = Path(__file__).parents[2]
SECRET: Final = "the-app-s-client-secret"
PATIENCE: Final = 180
BOUNDS: Final = {"hubspot": (5.0, "median"), "salesforce": (60.0, "worst")}
OTHERS: Final = 1_000
"""Deals on which nobody works."""
POLICIES: Final = """version: 1
rollout: everyone
policies:
  - {id: quiet, title: No activity, applies_to: is_open, flag_if: days_since(last_activity) >= 14, severity: warning,
     points: 9, fix: Call, owner: o}
  - {id: alone, title: Nobody on it, applies_to: is_open, flag_if: contact_count < 1, severity: info, points: 2,
     fix: Ask, owner: o}
  - {id: no-step, title: No next step, applies_to: is_open, flag_if: next_step is blank, severity: info, points: 2,
     fix: Plan, owner: o}
  - {id: late, title: Close date passed, applies_to: is_open, flag_if: days_until(close_date) < 0, severity: info,
     points: 2, fix: Date it, owner: o}
"""
SETTINGS: Final = """
[connections.acme.activity]
min_coverage = 0

[web]
port = {port}

[policies]
paths = ["policies.yaml"]
"""


@dataclass
class Rep:
    """Somebody who clears the cause of a flag."""

    driver: Any
    tasks: dict[str, str] = field(default_factory=dict)

    def plan(self, deal: str) -> None:
        """An open task."""
        due = now() + timedelta(days=3)
        if self.driver.kind == "hubspot":
            self.tasks[deal] = log_task(self.driver.portal, HUB_REP, deal, due)
        else:
            given = {"WhatId": deal, "Subject": "Call", "Status": "Not Started", "ActivityDate": f"{due:%Y-%m-%d}"}
            self.tasks[deal] = create_as(self.driver.sales.org, REP, "Task", given)

    def complete(self, deal: str) -> None:
        if self.driver.kind == "hubspot":
            complete_task(self.driver.portal, HUB_REP, self.tasks[deal])
        else:
            edit_as(self.driver.sales.org, REP, "Task", self.tasks[deal], {"Status": "Completed"})

    def acts(self) -> dict[str, tuple[str, Callable[[str], Any]]]:
        """Kind of edit → the flag that it clears, and how it is done."""
        ahead = f"{now() + timedelta(days=60):%Y-%m-%d}"
        return {
            "a logged call": ("quiet", self.driver.call),
            "a completed task": ("quiet", self.complete),
            "a new contact role": ("alone", lambda deal: self.driver.contact(deal, "Champion")),
            "a filled next step": ("no-step", lambda deal: self.driver.edit(deal, next_step="Send Ada the offer")),
            "a new close date": ("late", lambda deal: self.driver.edit(deal, close_date=ahead)),
        }

    def shows(self, deal: str, flag: str) -> bool:
        return f";{flag};" in (self.driver.record(deal)["flag_ids"] or "")


def run(share: float, *, times: int, folder: str) -> list[Row]:
    """Both CRMs, one after the other."""
    rows: list[Row] = []
    for kind in BOUNDS:
        with CRM_DRIVERS[kind]() as driver:
            rows += _rows(kind, _measured(driver, times, round(OTHERS * share), Path(folder)))
    return rows


def _rows(kind: str, found: dict[str, list[float]]) -> Iterator[Row]:
    most, which = BOUNDS[kind]
    for what, each in {**found, "all": [one for several in found.values() for one in several]}.items():
        median, worst = statistics.median(each), max(each)
        met = (median if which == "median" else worst) <= most
        figure = f"{median:.1f} s, worst {worst:.1f} s"
        yield Row(f"{kind}: {what}, edit to flag gone, {len(each)} times", figure, f"{which} {most:g} s", met)


def _measured(driver: Any, times: int, others: int, folder: Path) -> dict[str, list[float]]:
    """Kind of edit → seconds of each."""
    rep, begun = Rep(driver), now()
    acts = rep.acts()
    driver.clock.set(begun - timedelta(days=20))
    passed = f"{begun - timedelta(days=5):%Y-%m-%d}"
    deals = {(what, n): driver.deal(f"{what} {n}", close_date=passed) for what in acts for n in range(times)}
    for n in range(others):
        driver.deal(f"Other {n}", close_date=passed)
    for (what, _), deal in deals.items():
        if what == "a completed task":
            rep.plan(deal)
    driver.edit(
        driver.deal("Edited", close_date=passed), next_step="Ask", close_date=f"{begun:%Y-%m-%d}"
    )  # histories begin
    driver.clock.set(begun)
    driver.clock.run()
    with _services(driver, folder / driver.kind):
        _until(lambda: all(rep.shows(deal, acts[what][0]) for (what, _), deal in deals.items()))
        time.sleep(15)  # the run ends, and the next look begins
        found: dict[str, list[float]] = {what: [] for what in acts}
        for n in range(times):
            _round(rep, {what: deals[what, n] for what in acts}, found)
    return found


def _round(rep: Rep, deals: dict[str, str], found: dict[str, list[float]]) -> None:
    """One edit of each kind, some seconds apart; waits until every flag is gone."""
    draw, acts = random.Random(len(found["a logged call"])), rep.acts()  # noqa: S311 - the same pauses every time
    open_: dict[str, float] = {}
    pending = list(acts)
    again = time.monotonic()
    while pending or open_:
        if pending and time.monotonic() >= again:
            what = pending.pop(0)
            acts[what][1](deals[what])
            open_[what], again = time.monotonic(), time.monotonic() + draw.uniform(2, 9)
        for what, began in list(open_.items()):
            if not rep.shows(deals[what], acts[what][0]) or time.monotonic() - began > PATIENCE:
                found[what].append(time.monotonic() - began)
                del open_[what]
        time.sleep(0.05)


@contextmanager
def _services(driver: Any, folder: Path) -> Iterator[None]:
    """Worker, beat and web over this CRM."""
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    hub = driver.kind == "hubspot"
    text = hubspot_config(driver.hub.server, "acme") if hub else salesforce_config(driver.sales.server, "acme")
    on = f'webhook_secret = "{SECRET}"' if hub else "look_every_minute = true"
    text = text.partition("[connections.acme.fields]")[0].replace("sandbox = true\n", f"sandbox = true\n{on}\n", 1)
    config = folder / "sluicegate.toml"
    config.write_text(text + SETTINGS.format(port=port))
    config.chmod(0o600)
    (folder / "policies.yaml").write_text(POLICIES)
    command = [sys.executable, "-m", "worker.cli", "--config", str(config), "worker", "--with-beat", "--with-web"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
            stdout=log,
            stderr=log,
        )
    try:
        if hub:
            driver.portal.webhooks.subscribe(url=f"http://127.0.0.1:{port}/webhooks/hubspot/acme", secret=SECRET)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 10 * PATIENCE
    while not happened():
        if time.monotonic() > end:
            raise TimeoutError("the first run wrote no flags")
        time.sleep(0.5)
