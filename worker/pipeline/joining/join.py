"""`join`: help a run that is under way, for a while, with the rows of work that wait."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from structlog.contextvars import bound_contextvars

from model.errors import ConnectionBusy, SluicegateError
from store import Joined, this_process
from worker.log import log
from worker.pipeline.heartbeat import LEASE_SECONDS, MARGIN, kept_alive
from worker.pipeline.joining.shares import read_share
from worker.pipeline.pushing.send import STEPS, next_batch, send_one
from worker.pipeline.running import counted, spending
from worker.pipeline.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from datetime import datetime

    from store import WorkRows
    from worker.wiring import Services

ENDED: Final = "the run has ended, or has another holder by now"
STOOD_STILL: Final = "this worker stood still for so long that others may have what it held"
TURN: Final = timedelta(seconds=20)
"""How long a worker helps before it looks for other messages: no connection keeps all workers to itself."""


def join(services: Services, name: str, run_id: int) -> int:
    """Help the run until nothing waits or the turn is over; returns how many rows of work were done.

    The run goes on if this worker fails: what it has not finished is given to others.
    """
    now = services.clock()
    found = services.store.runs.joinable(run_id, now)
    if found is None:
        return 0
    (lease, as_of), store = found, services.store
    joined = Joined(name, run_id, this_process(), timedelta(seconds=LEASE_SECONDS))
    held = Held((store.shares.rows, store.pushes.rows), joined, services.clock, now + joined.patience)

    def confirm() -> None:
        held.confirm()
        still = store.runs.joinable(run_id, services.clock())
        if still is None or still[0].fence != lease.fence:
            raise ConnectionBusy(ENDED)

    session = Session(services, name, as_of, lease, confirm=confirm, about={"connection": name, "run": run_id})
    with bound_contextvars(run=run_id, connection=name), kept_alive(held.renew, session.about), counted(session):
        try:
            return _help(session, joined, now + TURN)
        finally:
            session.patience(services.sleep, held.lapse)


@dataclass
class Held:
    """The rows of work that a joined worker holds, until an instant that is put off while it lives."""

    rows: tuple[WorkRows, ...]
    joined: Joined
    clock: Callable[[], datetime]
    until: datetime

    def renew(self) -> None:
        """Hold them longer. Raises ConnectionBusy where others may have them by now."""
        self.confirm()
        now = self.clock()
        for some in self.rows:
            some.renew(self.joined, now)
        self.until = now + self.joined.patience

    def confirm(self) -> None:
        """Raise ConnectionBusy where this process stood still for so long that others may have them by now."""
        if self.clock() >= self.until - MARGIN:
            raise ConnectionBusy(STOOD_STILL)

    def lapse(self) -> None:
        """Give them to others."""
        now = self.clock()
        for some in self.rows:
            some.lapse(self.joined, now)


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
    shares, clock, sharing = session.store.shares, session.services.clock, session.connector.sharing
    with spending(session, "pull"):
        while sharing and (share := shares.claim(session.name, clock(), session.lease, joined)):
            yield partial(read_share, session, sharing, share, joined)
    for clears, step in STEPS:
        with spending(session, step):
            while batch := next_batch(session, step, clears=clears, joined=joined):
                yield partial(send_one, session, batch, joined=True)
