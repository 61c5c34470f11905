"""`run`: pull, judge, measure and push, in this order, alone on the connection."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from model.errors import SettingsProblem
from worker.flows.judge import judge
from worker.flows.measure import measure
from worker.flows.pull import pull
from worker.flows.push import push, recover
from worker.flows.session import Session, counted, leased, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from worker.flows.report import Report
    from worker.wiring import Services


def run(
    services: Services, name: str, *, full: bool = False, dry_run: bool = False, as_of: datetime | None = None
) -> Report:
    """Keep one connection current and say what was done.

    A dry run changes neither CRM nor store. Another day than today is dry too, unless the connection is a sandbox.
    Where the CRM is out of reach or our share of its calls is used up, the report says so in `stopped`; what was
    kept stays kept and the next run goes on from there. Raises ConnectionBusy, AccessRefused, PolicyProblem,
    SettingsProblem.
    """
    connection = services.connection(name)
    if paused := services.store.paused(name):
        since = f"since {paused.at:%Y-%m-%d %H:%M} UTC ({paused.why})"
        raise SettingsProblem(f"'{name}' is paused {since}; `sluicegate connection resume {name}` lets it run again.")
    if dry_run or (as_of is not None and not connection.sandbox):
        with services.store.rehearsal(name) as copy:
            return _alone(replace(services, store=copy), name, as_of, full=full, dry=True)
    return _alone(services, name, as_of, full=full, dry=False)


def _alone(services: Services, name: str, as_of: datetime | None, *, full: bool, dry: bool) -> Report:
    kind = "full" if full else "incremental"
    with leased(services, name, as_of or services.clock()) as session, running(session, kind) as (run_id, report):
        report.dry_run = dry
        with counted(session, report):
            _steps(session, report, run_id, full=full, dry=dry)
    return report


def _steps(session: Session, report: Report, run_id: int, *, full: bool, dry: bool) -> None:
    description = session.describe()
    policies = session.policies(description)
    report.policy_digest = policies.digest
    with _timed(report, "pull"):
        recover(session, report)
        pulled = pull(session, full=full)
        report.pulled = pulled.records
        report.aside = [asdict(aside) for aside in pulled.aside]
    with _timed(report, "judge"):
        judged = judge(session, policies, description, run_id, binding=not dry)
        judged.fill(report)
    with _timed(report, "measure"):
        measure(session, judged, run_id)
    with _timed(report, "push"):
        push(session, judged, description, run_id, report, dry=dry)


@contextmanager
def _timed(report: Report, step: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    report.seconds[step] = round(time.perf_counter() - start, 3)
