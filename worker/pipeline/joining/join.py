"""`join`: help a run that is under way, for a while, with the rows of work that wait."""

from __future__ import annotations

from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from structlog.contextvars import bound_contextvars

from model.errors import ConnectionBusy, SluicegateError
from store import Joined, this_process
from worker.log import log
from worker.pipeline.heartbeat import LEASE_SECONDS, kept_alive
from worker.pipeline.joining.shares import read_share
from worker.pipeline.push import STEPS, next_batch, send_one
from worker.pipeline.running import counted, spending
from worker.pipeline.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from datetime import datetime

    from worker.wiring import Services

TURN: Final = timedelta(seconds=20)
"""How long a worker helps before it looks for other messages: no connection keeps all workers to itself."""


def join(services: Services, name: str, run_id: int) -> int:
    """Help the run until nothing waits or the turn is over; returns how many rows of work were done.

    The run goes on if this worker fails: what it has not finished is given to others.
    """
    found = services.store.runs.joinable(run_id, services.clock())
    if found is None:
        return 0
    lease, as_of = found
    session = Session(services, name, as_of, lease, about={"connection": name, "run": run_id})
    joined = Joined(name, run_id, this_process(), timedelta(seconds=LEASE_SECONDS))
    with bound_contextvars(run=run_id, connection=name), _holding(session, joined), counted(session):
        return _help(session, joined, services.clock() + TURN)


def _help(session: Session, joined: Joined, until: datetime) -> int:
    done = 0
    try:
        with closing(_pieces(session, joined)) as pieces:
            for piece in pieces:
                piece()
                done += 1
                if session.services.clock() >= until:
                    break
    except ConnectionBusy as e:
        log().info("a worker stops helping a run", why=str(e))
    except SluicegateError as e:
        log().warning("a worker stops helping a run", why=str(e))
    return done


def _pieces(session: Session, joined: Joined) -> Generator[Callable[[], None]]:
    """What waits: shares of a first load, then batches."""
    shares, clock = session.store.shares, session.services.clock
    with spending(session, "pull"):
        while share := shares.claim(session.name, clock(), session.lease, joined):
            yield partial(read_share, session, share, joined)
    for clears, step in STEPS:
        with spending(session, step):
            while batch := next_batch(session, step, clears=clears, joined=joined):
                yield partial(send_one, session, batch, joined=True)


@contextmanager
def _holding(session: Session, joined: Joined) -> Iterator[None]:
    """Hold what this worker takes while it lives, and give the rest to others at its end."""
    held, clock = (session.store.shares.rows, session.store.pushes.rows), session.services.clock

    def renew() -> None:
        for rows in held:
            rows.renew(joined, clock())

    def lapse() -> None:
        for rows in held:
            rows.lapse(joined, clock())

    with kept_alive(renew, session.about):
        try:
            yield
        finally:
            session.patience(session.services.sleep, lapse)
