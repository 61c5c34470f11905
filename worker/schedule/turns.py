"""One message of the schedule: it is passed over where it asks for nothing, counted, worked on or set aside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from structlog.contextvars import bound_contextvars

from model.errors import ConnectionBusy, SluicegateError, StoreProblem
from store import AWAY, MOST_ATTEMPTS, RunEnd
from worker.log import log
from worker.pipeline.heartbeat import LEASE_SECONDS, kept_alive
from worker.pipeline.patience import Patience
from worker.pipeline.report import Report
from worker.schedule.plan import NUDGE, QUIET

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from store import Occasion, Turn
    from worker.wiring import Services

SOON: Final = timedelta(seconds=20)
"""When a job is tried again that found its connection or the store busy."""
AT_ONCE: Final = timedelta(seconds=5)
"""When a nudge is tried again that found its connection busy: a person waits for it."""
GIVEN_UP: Final = (
    "set aside: the worker's process ended {times} times in the middle of it. It may need more memory than there is. "
    "It is tried once at each later time until it comes through; `sluicegate connection resume {name}` has it tried now"
)


@dataclass(frozen=True)
class End:
    """How an attempt ended. `again`: when to try it again, where that may go better."""

    came_through: bool = False
    again: datetime | None = None


def take_turn(services: Services, asked: Occasion, work: Callable[[], object]) -> None:
    """Do the work of a message, unless another process does it or has done it."""
    jobs, about = services.store.jobs, {"connection": asked.connection, "job": asked.job}
    try:
        turn = jobs.begin(asked, services.clock(), LEASE_SECONDS)
    except ConnectionBusy as e:
        log().info("a message is passed over", **about, why=str(e))
        return
    if turn.too_many:
        _set_aside(services, turn)
        return
    with (
        bound_contextvars(job=asked.job, due=asked.due.isoformat(), attempt=turn.attempt),
        kept_alive(lambda: jobs.renew(turn, services.clock(), LEASE_SECONDS), about),
    ):
        _work(services, asked, turn, work)


def _work(services: Services, asked: Occasion, turn: Turn, work: Callable[[], object]) -> None:
    """Do the work and note how it has ended, or from when on it may be sent again."""
    end = End()
    try:
        end = _tried(services, asked, work)
    except (KeyboardInterrupt, SystemExit):
        end = End(again=services.clock())
        raise
    finally:
        Patience()(services.sleep, lambda: _note(services, turn, end))


def _tried(services: Services, asked: Occasion, work: Callable[[], object]) -> End:
    """Do the work; returns how it ended. A run logs its own end."""
    about = {"connection": asked.connection, "job": asked.job}
    try:
        done = work()
    except ConnectionBusy as e:
        log().info("a job waits for its connection", **about, why=str(e))
        return End(again=services.clock() + (AT_ONCE if asked.job == NUDGE.name else SOON))
    except (*AWAY, StoreProblem) as e:
        log().warning("a job waits for the store", **about, why=type(e).__name__)
        return End(again=services.clock() + SOON)
    except SluicegateError as e:  # settings, policies, credentials or rights have to change first
        log().warning("a job waits for its next time", **about, why=str(e))
        return End()
    if not isinstance(done, Report):
        if asked.job not in QUIET:
            log().info("a job ended", **about, outcome="done")
        return End(came_through=True)
    now = services.clock()
    as_long_again = now + (now - asked.due)
    again = done.resumes_at and (done.resumes_at if done.waits_for_budget else max(done.resumes_at, as_long_again))
    return End(again=again, came_through=not done.stopped)


def _note(services: Services, turn: Turn, end: End) -> None:
    if end.again:
        services.store.jobs.postpone(turn, end.again)
    else:
        services.store.jobs.end(turn, services.clock(), came_through=end.came_through)


def _set_aside(services: Services, turn: Turn) -> None:
    """Give the occasion up, and say so where runs are listed."""
    now, runs = services.clock(), services.store.runs
    why = GIVEN_UP.format(times=MOST_ATTEMPTS, name=turn.connection)
    services.store.jobs.give_up(turn, why, now)
    if turn.job == NUDGE.name:
        services.store.nudges.forget(turn.connection)  # the next run reads them
    run_id = runs.start(turn.connection, now, "", "", turn.job, at=now, trigger=services.trigger)
    runs.end(run_id, RunEnd("set aside", why), {}, now)
    log().error("a job is set aside", connection=turn.connection, job=turn.job, run=run_id, why=why)
