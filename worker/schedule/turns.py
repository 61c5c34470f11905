"""One message of the schedule: it is passed over where it asks for nothing, counted, worked on or set aside."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from model.errors import ConnectionBusy, SettingsProblem
from store import AWAY, MOST_ATTEMPTS
from worker.log import log
from worker.pipeline.heartbeat import LEASE_SECONDS, kept_alive
from worker.pipeline.patience import Patience
from worker.pipeline.report import Report

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from store import Occasion, Turn
    from worker.wiring import Services

SOON: Final = timedelta(seconds=20)
"""When a job is tried again that found its connection or the store busy."""
GIVEN_UP: Final = (
    f"set aside: the worker's process ended {MOST_ATTEMPTS} times in the middle of it. It may need more memory than "
    "there is. It is tried once at each later time until it comes through"
)


def take_turn(services: Services, asked: Occasion, work: Callable[[], object]) -> None:
    """Do the work of a message, unless another process does it or has done it."""
    about = {"connection": asked.connection, "job": asked.job}
    try:
        turn = services.store.jobs.begin(asked, services.clock(), LEASE_SECONDS)
    except ConnectionBusy as e:
        log().info("a message is passed over", **about, why=str(e))
        return
    if turn.too_many:
        _set_aside(services, turn)
        return
    with kept_alive(lambda: services.store.jobs.renew(turn, services.clock(), LEASE_SECONDS), **about):
        _work(services, asked, turn, work)


def _work(services: Services, asked: Occasion, turn: Turn, work: Callable[[], object]) -> None:
    """Do it and note its end. What a later attempt may find better is put off, and beat sends it again."""
    about, again = {"connection": asked.connection, "job": asked.job}, None
    try:
        done = work()
        if isinstance(done, Report):  # a run logs its own end
            again = done.resumes_at and max(done.resumes_at, _waits_as_long_again(asked, services.clock()))
        else:
            log().info("a job ended", **about, outcome="done")
    except ConnectionBusy as e:
        again = services.clock() + SOON
        log().info("a job waits for its connection", **about, why=str(e))
    except AWAY as e:
        again = services.clock() + SOON
        log().warning("a job waits for the store", **about, why=type(e).__name__)
    except SettingsProblem as e:
        log().warning("a job waits for its next time", **about, why=str(e))
    except (KeyboardInterrupt, SystemExit):
        again = services.clock()
        raise
    finally:
        Patience()(services.sleep, lambda: _note(services, turn, again))


def _waits_as_long_again(asked: Occasion, now: datetime) -> datetime:
    """A job that fails again and again waits twice as long each time."""
    return now + (now - asked.due if asked.due else timedelta())


def _note(services: Services, turn: Turn, again: datetime | None) -> None:
    if again:
        services.store.jobs.postpone(turn, again)
    else:
        services.store.jobs.end(turn, services.clock())


def _set_aside(services: Services, turn: Turn) -> None:
    """Give the occasion up, and say so where runs are listed."""
    now, runs = services.clock(), services.store.runs
    services.store.jobs.give_up(turn, GIVEN_UP, now)
    run_id = runs.start(turn.connection, now, "", "", turn.job, at=now, trigger=services.trigger)
    runs.end(run_id, GIVEN_UP, {}, now)
    log().error("a job is set aside", connection=turn.connection, job=turn.job, run=run_id, why=GIVEN_UP)
