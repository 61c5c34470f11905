"""Beat's work: send what is due, and send again what was lost on its way or with its worker.

The store has the schedule, so any number of beats may run, and neither they nor the broker have anything to lose.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from model.errors import SluicegateError
from worker.log import log
from worker.schedule.broker_reach import in_words
from worker.schedule.plan import NUDGE
from worker.schedule.turns import SOON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from store import Job, Store
    from worker.schedule.plan import Planned

TICK_SECONDS: Final = 5.0
"""How often beat looks what is due."""
LOST: Final = timedelta(seconds=20)
"""A message is lost when no worker has taken it after this time and the queue is empty."""
AHEAD: Final = timedelta(minutes=1)
"""An occasion that lies further ahead was noted by a clock that was wrong."""
LONGEST: Final = timedelta(days=1)
GIVES_WAY: Final = timedelta(minutes=1)
"""How long after its end a job leaves its connection to an older one that found it busy."""


class Post(Protocol):
    """The way to the workers."""

    def send(self, task: str, connection: str, options: dict[str, Any], expires: float) -> None:
        """Send a message that is thrown away after so many seconds."""

    def waiting(self) -> int:
        """How many messages no worker has taken yet."""


@dataclass
class Sender:
    """Looks for due jobs of these connections. `store` opens the store, again after a fault."""

    store: Callable[[], Store]
    clock: Callable[[], datetime]
    post: Post
    connections: Iterable[str]
    jobs: tuple[Planned, ...]
    trouble: str = field(default="", init=False)
    _rounds: int = field(default=0, init=False)
    _sent: int = field(default=0, init=False)

    def tick(self) -> None:
        """Send what is due. Whatever goes wrong is logged once, and the next tick tries again."""
        self._safely(self._send_due)

    def tick_noted(self) -> None:
        """The same for nudges alone, between two ticks."""
        self._safely(lambda: self._send_noted(self.store().jobs.all(), self.clock()))

    def _safely(self, send: Callable[[], None]) -> None:
        try:
            send()
        except Exception as e:  # noqa: BLE001 - beat lives through any absence of broker and store
            why = str(e) if isinstance(e, SluicegateError) else f"{type(e).__name__}: {in_words(e)}"
            if why != self.trouble:
                log().warning("beat cannot send", why=why)
            self.trouble = why

    def _send_due(self) -> None:
        self.store().processes.note("beat")
        found, now = self.store().jobs.all(), self.clock()
        before = self._sent
        for connection in self._in_turn():
            for job, seen in self._of(connection, found, now):
                self._send_if_due(connection, job, seen, job.times.last(now), now)
        self._rounds += self._sent > before
        self._send_noted(found, now)
        self._ask_for_help()

    def _in_turn(self) -> list[str]:
        """The connections, beginning with another one each time: the last in a long queue may not come to be served."""
        names = list(self.connections)
        first = self._rounds % max(1, len(names))
        return names[first:] + names[:first]

    def _of(
        self, connection: str, found: Mapping[tuple[str, str], Job], now: datetime
    ) -> list[tuple[Planned, Job | None]]:
        """The jobs of a connection, but one that leaves it to another."""
        jobs = (job for job in self.jobs if job.of is None or connection in job.of)
        own = [(job, found.get((connection, job.name))) for job in jobs]
        waiting = [seen.due for job, seen in own if seen and _waits(seen, job.times.last(now), now)]
        return [(job, seen) for job, seen in own if not (seen and waiting and _gives_way(seen, min(waiting), now))]

    def _ask_for_help(self) -> None:
        """Ask the other workers to join runs with much to do. A message that nobody takes by the next tick is void."""
        store = self.store()
        runs = [run for rows in (store.shares.rows, store.pushes.rows) for run in rows.open() if run.waiting > 1]
        workers = sum(one.kind == "worker" for one in store.processes.alive()) if runs else 0
        for run in runs:
            for _ in range(min(run.waiting, workers) - 1):
                self.post.send("join", run.connection, {"run": run.run_id}, TICK_SECONDS)

    def _send_noted(self, found: Mapping[tuple[str, str], Job], now: datetime) -> None:
        for connection in self.store().nudges.waiting().keys() & set(self.connections):
            seen = found.get((connection, NUDGE.name))
            open_since = seen.due if seen and seen.ended_at is None else now
            self._send_if_due(connection, NUDGE, seen, open_since, now)

    def _send_if_due(self, connection: str, job: Planned, seen: Job | None, due: datetime, now: datetime) -> None:
        jobs = self.store().jobs
        if seen is None:
            asked = jobs.first_seen(connection, job.name, due, now, ended=not job.at_once) and job.at_once
        else:
            asked = self._is_wanted(seen, due, now) and jobs.ask(seen, due, now)
        if asked:
            self._send(connection, job, due, now)

    def _is_wanted(self, seen: Job, due: datetime, now: datetime) -> bool:
        """Whether a message is to be sent: for a new occasion, or again for one that is open and was lost."""
        if seen.under_way(now):
            return False
        if seen.due < due or seen.due > now + AHEAD:
            return True
        if seen.due != due or seen.ended_at is not None or (seen.not_before and seen.not_before > now):
            return False
        if seen.sent_at is None or seen.process is not None or seen.not_before:
            return True  # its message was taken: the worker has died, or put it off until now
        return seen.sent_at + LOST <= now and self.post.waiting() == 0

    def _send(self, connection: str, job: Planned, due: datetime, now: datetime) -> None:
        options = {**job.options, "job": job.name, "due": due.isoformat()}
        expires = min(job.times.next(now) - now, LONGEST).total_seconds()
        try:
            self.post.send(job.task, connection, options, expires)
        except Exception:  # whatever the broker raises, the row must say that no message went out
            self.store().jobs.not_sent(connection, job.name, due)
            raise
        self._sent += 1
        if self.trouble:
            log().info("beat sends again")
        self.trouble = ""


def _waits(seen: Job, due: datetime, now: datetime) -> bool:
    """Whether a job was put off for a moment, as where it found its connection busy."""
    return seen.due == due and seen.not_before is not None and seen.not_before <= now + SOON


def _gives_way(seen: Job, longest: datetime, now: datetime) -> bool:
    """Whether a job has just ended while an older one of its connection waits; it would be first again and again."""
    return seen.ended_at is not None and longest < seen.ended_at and now - GIVES_WAY < seen.ended_at <= now
