"""A run from its lease to its end: the lease that is renewed, the row in the store, the line in the log."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final

from structlog.contextvars import bound_contextvars

from model.errors import BudgetSpent, RetryLater, SettingsProblem, SluicegateError
from store import AWAY, DONE, RunEnd
from worker.log import log
from worker.log_lines.privacy import of_trouble
from worker.pipeline.heartbeat import LEASE_SECONDS, kept_alive
from worker.pipeline.report import Report
from worker.pipeline.session import Session
from worker.pipeline.trouble import note_trouble
from worker.pipeline.unusual import note_unusual

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from model.sync import Description
    from worker.wiring import Services

FAULT: Final = RunEnd("fault")
INTERRUPTED: Final = RunEnd("interrupted")
COUNTS: Final = ("pulled", "deals", "findings", "new", "cleared", "held", "patches")


@contextmanager
def leased(services: Services, name: str, as_of: datetime, *, paused_too: bool = False) -> Iterator[Session]:
    """A session with the connection's lease, renewed while the block runs. Raises ConnectionBusy.

    Raises SettingsProblem on a paused connection. `paused_too`: for work that needs no CRM, or that takes back what we
    wrote to it.
    """
    runs = services.store.runs
    lease = runs.lease(name, "a run", services.clock(), LEASE_SECONDS)
    session = Session(services, name, as_of.astimezone(UTC), lease, about={"connection": name})
    try:
        if not paused_too:
            _refuse_paused(services, name)
        with kept_alive(lambda: runs.renew(lease, services.clock(), LEASE_SECONDS), session.about):
            yield session
    finally:
        session.patience(services.sleep, lambda: runs.release(lease))


def _refuse_paused(services: Services, name: str) -> None:
    if paused := services.store.connections.paused(name):
        since = f"since {paused.at:%Y-%m-%d %H:%M} UTC ({paused.why})"
        raise SettingsProblem(f"'{name}' is paused {since}; `sluicegate connection resume {name}` lets it run again.")


@contextmanager
def counted(session: Session, report: Report | None = None) -> Iterator[None]:
    """Count the block's calls to the CRM in the day's budget, and in the report if there is one."""
    services, before = session.services, session.connector.calls
    services.noted[session.name] = before
    try:
        yield
    finally:
        if report is not None:
            report.calls = session.connector.calls - before
        session.patience(services.sleep, lambda: note_calls(session))
        del services.noted[session.name]


def note_calls(session: Session) -> None:
    """Note the calls since the last note, so that a killed run has counted most of them. Only inside of `counted`."""
    services, name = session.services, session.name
    if name not in services.noted:
        return
    calls, kept = session.connector.calls, (services.budget or services.store).connections
    kept.note_calls(name, services.clock().date(), calls - services.noted[name], session.connector.budget())
    services.noted[name] = calls


def description_of(session: Session) -> Description:
    """The stored description. Asks the CRM if there is none, and counts the calls."""
    if kept := session.store.connections.description(session.name):
        return kept
    with counted(session):
        return session.describe()


@contextmanager
def running(session: Session, kind: str) -> Iterator[tuple[int, Report]]:
    """A run's row in the store, its report, and its line in the log. A resumable stop is in the report's `stopped`."""
    store, services = session.store, session.services
    calibration = store.connections.current_calibration(session.name, session.as_of).revision
    run_id = store.runs.start(
        session.name, session.as_of, "", calibration, kind, session.lease, at=services.clock(), trigger=services.trigger
    )
    report, how, start = Report(run_id=str(run_id), as_of=session.as_of.isoformat()), FAULT, time.perf_counter()
    session.about["run"] = run_id
    with bound_contextvars(run=run_id, connection=session.name):
        try:
            yield run_id, report
            how = DONE
        except (RetryLater, BudgetSpent) as e:
            how = RunEnd("stopped", str(e))
            report.stopped = how.reason
            now = services.clock()
            report.resumes_at = e.until if isinstance(e, BudgetSpent) else now + timedelta(seconds=e.seconds)
        except SluicegateError as e:
            how = RunEnd("refused", str(e))
            raise
        except AWAY as e:
            how = RunEnd("fault", f"fault: the database was away ({type(e).__name__})")
            raise
        except (KeyboardInterrupt, SystemExit):
            how = INTERRUPTED
            raise
        finally:
            try:
                session.patience(services.sleep, lambda: _end(session, report, kind, how))
            finally:
                _log_end(session, kind, how, report, time.perf_counter() - start)


def _end(session: Session, report: Report, kind: str, how: RunEnd) -> None:
    """Close the run's row, with the trouble that began or ended with it."""
    run_id = int(report.run_id)
    note_trouble(session, run_id, report, kind=kind, how=how)
    note_unusual(session, run_id, report, kind)
    session.store.runs.end(run_id, how, report.to_json(), session.services.clock())


def _private(lines: list[str]) -> list[str]:
    """Trouble as the log may have it, each line once."""
    return list(dict.fromkeys(map(of_trouble, lines)))


def _log_end(session: Session, kind: str, how: RunEnd, report: Report, seconds: float) -> None:
    """One line that says how the run ended: a fault is an error, what waits for somebody is a warning."""
    level = "error"
    if how == DONE or report.stopped:
        warns = report.stopped or report.held or report.trouble["begun"] or report.unusual
        level = "warning" if warns else "info"
    counts = {name: getattr(report, name) for name in COUNTS}
    counts |= {what: n for what, n in (report.outcomes | report.actions).items() if n}
    begun = {what: _private(lines) for what, lines in report.trouble.items() if what != "lasting" and lines}
    begun |= {"unusual": report.unusual} if report.unusual else {}
    getattr(log(), level)(
        "run ended", run=int(report.run_id), connection=session.name, kind=kind, trigger=session.services.trigger,
        outcome=how.reason or how.state, state=how.state,
        seconds=round(seconds, 1), calls=report.calls, dry_run=report.dry_run, counts=counts, **begun,
    )  # fmt: skip
