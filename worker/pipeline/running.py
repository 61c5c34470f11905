"""A run from its lease to its end: the lease that is renewed, the row in the store, the line in the log."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from datetime import UTC
from typing import TYPE_CHECKING, Final

from structlog.contextvars import bound_contextvars

from model.errors import BudgetSpent, ConnectionBusy, RetryLater, SluicegateError
from store import AWAY
from worker.log import log
from worker.pipeline.patience import PASSING
from worker.pipeline.report import Report
from worker.pipeline.session import Session
from worker.pipeline.trouble import note_trouble
from worker.pipeline.unusual import note_unusual

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from store import Lease
    from worker.wiring import Services

LEASE_SECONDS: Final = 40
HEARTBEAT_SECONDS: Final = 10
FAULT: Final = "fault"
COUNTS: Final = ("pulled", "deals", "findings", "new", "cleared", "held", "patches")


@contextmanager
def leased(services: Services, name: str, as_of: datetime) -> Iterator[Session]:
    """A session with the connection's lease, renewed while the block runs. Raises ConnectionBusy."""
    runs = services.store.runs
    lease = runs.lease(name, "a run", services.clock(), LEASE_SECONDS)
    ended = threading.Event()
    thread = threading.Thread(target=heartbeat, args=(services, lease, ended), name="lease", daemon=True)
    thread.start()
    session = Session(services, name, as_of.astimezone(UTC), lease)
    try:
        yield session
    finally:
        ended.set()
        thread.join()
        session.patience(services.sleep, lambda: runs.release(lease))


def heartbeat(services: Services, lease: Lease, ended: threading.Event) -> None:
    """Renew the lease until the work has ended or another holder has taken it."""
    while not ended.wait(HEARTBEAT_SECONDS):
        try:
            services.store.runs.renew(lease, services.clock(), LEASE_SECONDS)
        except ConnectionBusy as e:
            log().warning("the lease was lost", connection=lease.connection, why=str(e))
            return
        except PASSING as e:
            log().warning("the lease could not be renewed", connection=lease.connection, why=type(e).__name__)


@contextmanager
def counted(session: Session, report: Report) -> Iterator[None]:
    """Count the block's calls to the CRM in the report and in the day's budget."""
    before = session.connector.calls
    try:
        yield
    finally:
        report.calls = session.connector.calls - before
        today, note = session.services.clock().date(), session.store.connections.note_calls
        session.patience(session.services.sleep, lambda: note(session.name, today, report.calls))


@contextmanager
def running(session: Session, kind: str) -> Iterator[tuple[int, Report]]:
    """A run's row in the store, its report, and its line in the log. A resumable stop is in the report's `stopped`."""
    store, services = session.store, session.services
    calibration = store.connections.current_calibration(session.name, session.as_of).revision
    run_id = store.runs.start(
        session.name, session.as_of, "", calibration, kind, session.lease, at=services.clock(), trigger=services.trigger
    )
    report, outcome, start = Report(run_id=str(run_id), as_of=session.as_of.isoformat()), FAULT, time.perf_counter()
    with bound_contextvars(run=run_id, connection=session.name):
        try:
            yield run_id, report
            outcome = "done"
        except (RetryLater, BudgetSpent) as e:
            outcome = report.stopped = str(e)
        except SluicegateError as e:
            outcome = str(e)
            raise
        except AWAY as e:
            outcome = f"{FAULT}: the database was away ({type(e).__name__})"
            raise
        except (KeyboardInterrupt, SystemExit):
            outcome = "interrupted"
            raise
        finally:
            try:
                session.patience(services.sleep, lambda: _end(session, report, kind, outcome))
            finally:
                _log_end(session, kind, outcome, report, time.perf_counter() - start)


def _end(session: Session, report: Report, kind: str, outcome: str) -> None:
    """Close the run's row, with the trouble that began or ended with it."""
    run_id = int(report.run_id)
    note_trouble(session, run_id, report, kind=kind, outcome=outcome)
    note_unusual(session, run_id, report, kind)
    session.store.runs.end(run_id, outcome, report.to_json(), session.services.clock())


def _log_end(session: Session, kind: str, outcome: str, report: Report, seconds: float) -> None:
    """One line that says how the run ended: a fault is an error, what waits for somebody is a warning."""
    level = "error"
    if outcome == "done" or report.stopped:
        warns = report.stopped or report.held or report.trouble["begun"] or report.unusual
        level = "warning" if warns else "info"
    counts = {name: getattr(report, name) for name in COUNTS}
    counts |= {what: n for what, n in (report.outcomes | report.actions).items() if n}
    begun = {what: lines for what, lines in report.trouble.items() if what != "lasting" and lines}
    begun |= {"unusual": report.unusual} if report.unusual else {}
    getattr(log(), level)(
        "run ended", run=int(report.run_id), connection=session.name, kind=kind, trigger=session.services.trigger,
        outcome=outcome, seconds=round(seconds, 1), calls=report.calls, dry_run=report.dry_run, counts=counts, **begun,
    )  # fmt: skip
