"""What the schedule wants: a row for each job of a connection, with its newest occasion and what became of it.

A message of the broker only says that there may be work. It may be lost, late or doubled, because the row decides: each
occasion is worked on by one process at a time, and not again once it has ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from model.errors import ConnectionBusy, SettingsProblem
from store import mirror_tables, work_tables
from store.codec import instant
from store.fence import is_dead, this_process

if TYPE_CHECKING:
    from store.database import Database

table, connections = work_tables.job, mirror_tables.connection
COLUMNS: Final = tuple(column for column in table.c if column.name != "connection")
FRESH: Final[dict[str, Any]] = {"not_before": None, "until": None, "ended_at": None, "process": None}
"""The columns of an occasion that no process works on."""
MOST_ATTEMPTS: Final = 3
"""So often a job may end the process that works on it."""


@dataclass(frozen=True)
class Occasion:
    """One time at which a job is due."""

    connection: str
    job: str
    due: datetime


@dataclass(frozen=True)
class Turn:
    """The right to work on an occasion; `attempt` counts from one."""

    connection: str
    key: int
    job: str
    attempt: int
    process: str

    @property
    def too_many(self) -> bool:
        """Whether the attempts before it all ended their process."""
        return self.attempt > MOST_ATTEMPTS


@dataclass(frozen=True)
class Job:
    """The newest occasion of a job; the columns of its row, in their order."""

    connection: str
    name: str
    due: datetime
    sent_at: datetime | None
    not_before: datetime | None
    until: datetime | None
    ended_at: datetime | None
    attempts: int
    process: str | None
    set_aside: str | None

    def under_way(self, now: datetime) -> bool:
        """Whether a live process works on it."""
        begun = self.ended_at is None and self.process is not None and self.until is not None and self.until > now
        return begun and not is_dead(str(self.process))

    @property
    def carried(self) -> int:
        """The attempts that count at the next occasion: one that was set aside has one left, one that ended has all."""
        if self.set_aside:
            return MOST_ATTEMPTS - 1
        return 0 if self.ended_at else self.attempts


@dataclass(frozen=True)
class Jobs:
    """The rows of jobs."""

    database: Database

    def all(self) -> dict[tuple[str, str], Job]:
        """Every job by connection and name."""
        self.database.forget_keys()
        query = sa.select(connections.c.name, *COLUMNS).join(connections, connections.c.key == table.c.connection)
        with self.database.reading() as sql:
            found = [Job(*row) for row in sql.tx.execute(query)]
        return {(job.connection, job.name): job for job in found}

    def of(self, connection: str) -> list[Job]:
        """The connection's jobs."""
        return [job for job in self.all().values() if job.connection == connection]

    def set_aside(self, connection: str) -> list[Job]:
        """The connection's jobs that were given up and have not come through since."""
        return [job for job in self.of(connection) if job.set_aside]

    def first_seen(self, connection: str, name: str, due: datetime, now: datetime, *, ended: bool) -> bool:
        """Keep the first occasion of a job; false where another process was faster, or the connection was removed.

        `ended`: it is not worked on.
        """
        try:
            key = self.database.connection_key(connection)
        except SettingsProblem:
            return False
        insert = (
            "INSERT INTO job (connection, name, due, sent_at, ended_at, attempts) VALUES (?, ?, ?, ?, ?, 0)"
            " ON CONFLICT (connection, name) DO NOTHING"
        )
        at = instant(now)
        with self.database.writing() as sql:
            return sql.run(insert, key, name, instant(due), at, at if ended else None) == 1

    def ask(self, seen: Job, due: datetime, now: datetime) -> bool:
        """Note that a message is sent for this occasion; false where the row is no longer as it was seen.

        Attempts that ended their process count on at later occasions, until one comes to an end. A job that was set
        aside gets one attempt at each later occasion until one comes through.
        """
        values = FRESH | {"due": due, "sent_at": now}
        if due != seen.due:
            values["attempts"] = seen.carried
        same = (
            getattr(table.c, name).is_not_distinct_from(getattr(seen, name))
            for name in ("due", "sent_at", "ended_at", "attempts")
        )
        with self.database.writing() as sql:
            key = self.database.connection_key(seen.connection)
            update = sa.update(table).where(_row(key, seen.name), *same).values(values)
            return sql.tx.execute(update).rowcount == 1

    def not_sent(self, connection: str, name: str, due: datetime) -> None:
        """Note that the broker did not take the message."""
        key = self.database.connection_key(connection)
        mine = _row(key, name) & (table.c.due == due)
        with self.database.writing() as sql:
            sql.tx.execute(sa.update(table).where(mine).values(sent_at=None))

    def begin(self, asked: Occasion, now: datetime, seconds: float, process: str | None = None) -> Turn:
        """Take a turn; raises ConnectionBusy, with the reason, where the message asks for nothing."""
        self.database.forget_keys()
        key, process = self.database.connection_key(asked.connection), process or this_process()
        columns = ("connection", "name", "due", "attempts", "process", "until", "ended_at", "not_before")
        with self.database.writing() as sql:
            row = sql.tx.execute(sa.select(*COLUMNS).where(_row(key, asked.job)).with_for_update()).one_or_none()
            attempt = 1 + (_attempts(Job(asked.connection, *row), asked, now) if row else 0)
            until = instant(now + timedelta(seconds=seconds))
            values = (key, asked.job, instant(asked.due), attempt, process, until, None, None)
            sql.upsert("job", columns, [values], ["connection", "name"])
        return Turn(asked.connection, key, asked.job, attempt, process)

    def renew(self, turn: Turn, now: datetime, seconds: float) -> None:
        """Say that the attempt is alive; raises ConnectionBusy where another process has taken the occasion."""
        if not self._set(turn, until=now + timedelta(seconds=seconds)):
            raise ConnectionBusy(f"another process works on {turn.job} of {turn.connection!r} by now")

    def end(self, turn: Turn, now: datetime, *, came_through: bool = True) -> None:
        """The occasion is over. What was set aside stays so until an attempt comes through."""
        well = {"set_aside": None} if came_through else {}
        self._set(turn, ended_at=now, until=None, process=None, **well)

    def postpone(self, turn: Turn, until: datetime) -> None:
        """The attempt could not do its work, and says when another may; it does not count."""
        self._set(turn, not_before=until, until=None, process=None, attempts=turn.attempt - 1)

    def give_up(self, turn: Turn, why: str, now: datetime) -> None:
        """Set the occasion aside with a reason."""
        self._set(turn, ended_at=now, until=None, process=None, set_aside=why)

    def resume(self, connection: str) -> None:
        """Have what was set aside sent again, with all its attempts."""
        given_up = (table.c.connection == self.database.connection_key(connection)) & table.c.set_aside.is_not(None)
        values = FRESH | {"sent_at": None, "attempts": 0, "set_aside": None}
        with self.database.writing() as sql:
            sql.tx.execute(sa.update(table).where(given_up).values(values))

    def _set(self, turn: Turn, **values: Any) -> bool:
        mine = _row(turn.key, turn.job) & (table.c.process == turn.process) & (table.c.attempts == turn.attempt)
        with self.database.writing() as sql:
            return sql.tx.execute(sa.update(table).where(mine).values(values)).rowcount == 1


def _row(key: int, name: str) -> sa.ColumnElement[bool]:
    return (table.c.connection == key) & (table.c.name == name)


def _attempts(job: Job, asked: Occasion, now: datetime) -> int:
    """How often the occasion was begun before; raises ConnectionBusy where there is no work for this message."""
    if job.under_way(now):
        raise ConnectionBusy(f"{job.name} is under way")
    if asked.due < job.due:
        raise ConnectionBusy(f"{job.name} has been asked for again since")
    if asked.due > job.due:
        return job.carried
    if job.ended_at is not None:
        raise ConnectionBusy(f"{job.name} has ended")
    if job.not_before and job.not_before > now:
        raise ConnectionBusy(f"{job.name} waits until {job.not_before:%H:%M:%S} UTC")
    return job.attempts
