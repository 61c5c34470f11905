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
from worker.meter import WORDS
from worker.pipeline.heartbeat import LEASE_SECONDS, Hold, kept_alive
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
    for run_id, state in lease.ended:
        log().warning("an earlier run had not ended", connection=name, run=run_id, state=state)
    hold = Hold(lease, lambda: runs.renew(lease, services.clock(), LEASE_SECONDS), services.clock)
    session = Session(services, name, as_of.astimezone(UTC), lease, confirm=hold.confirm, about={"connection": name})
    try:
        if not paused_too:
            _refuse_paused(services, name)
        with kept_alive(hold.renew, session.about):
            yield session
    finally:
        session.patience(services.sleep, lambda: runs.release(lease))


def _refuse_paused(services: Services, name: str) -> None:
    if paused := services.store.connections.paused(name):
        since = f"since {paused.at:%Y-%m-%d %H:%M} UTC ({paused.why})"
        raise SettingsProblem(f"'{name}' is paused {since}; `sluicegate connection resume {name}` lets it run again.")


@contextmanager
def counted(session: Session, report: Report | None = None) -> Iterator[None]:
    """Count the block's calls to the CRM in the budget, and in the report if there is one."""
    meter, before = session.services.meter(session.name), session.connector.calls
    meter.noted, meter.open, meter.confirm = before, True, session.confirm
    try:
        yield
    finally:
        if report is not None:
            report.calls = session.connector.calls - before + sum(report.joined_calls.values())
        session.patience(session.services.sleep, lambda: note_calls(session))
        meter.open = False


@contextmanager
def spending(session: Session, step: str) -> Iterator[None]:
    """Count the block's calls under this step (a key of PARTS). It may use no more than the step's part."""
    meter = session.services.meter(session.name)
    note_calls(session)
    before, meter.step = meter.step, step
    try:
        yield
    finally:
        session.patience(session.services.sleep, lambda: note_calls(session))
        meter.step = before


def note_calls(session: Session) -> None:
    """Note the calls since the last note, so that a killed run has counted most of them. Only inside of `counted`."""
    meter = session.services.meter(session.name)
    if meter.open:
        meter.note(session.connector.calls, session.connector.budget())


def used_up(session: Session, step: str) -> BudgetSpent | None:
    """Why a step may not begin now: our calls of 24 hours have reached its part of our share; else None."""
    meter, connector = session.services.meter(session.name), session.connector
    allowed = connector.budget().allowed or meter.allowed
    if allowed is None:
        return None
    most, spent = meter.most(step, allowed), meter.spent(connector.calls)
    if spent < most:
        return None
    text = f"{WORDS[step].capitalize()} is given up for now: {spent:,} of {most:,} calls in 24 hours are used"
    return BudgetSpent(f"{text} (`sluicegate connection budget {session.name}`).", meter.free_at(most))


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
            report.resumes_at = _resumes_at(e, services.clock())
            report.waits_for_budget = isinstance(e, BudgetSpent)
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


def _resumes_at(stop: RetryLater | BudgetSpent, now: datetime) -> datetime:
    """When a run that was stopped may go on; an hour later where the CRM does not say."""
    if isinstance(stop, BudgetSpent):
        return stop.until or now + timedelta(hours=1)
    return now + timedelta(seconds=stop.seconds)


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
