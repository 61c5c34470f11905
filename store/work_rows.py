"""Rows of work that a run's own process and workers that join the run take one by one.

A row is ready → busy → done. The run's own process keeps its rows as long as it has the connection's lease. A joined
worker holds a row for some seconds at a time, and loses it to another when it falls silent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from store import mirror_tables, work_tables
from store.fence import is_dead

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from store.database import Database
    from store.fence import Lease
    from store.sql import Sql


@dataclass(frozen=True)
class Joined:
    """A worker's process that helps a run. What it holds lapses after `patience`, unless it says that it is alive."""

    connection: str
    run_id: int
    process: str
    patience: timedelta


@dataclass(frozen=True)
class OpenWork:
    """A run under way, and how many rows of work wait for somebody."""

    connection: str
    run_id: int
    waiting: int


@dataclass(frozen=True)
class WorkRows:
    """The rows of a table with the columns state, attempts, not_before, claimed_at, process, until and calls.

    `busy`: the state of a row that somebody works on.
    """

    database: Database
    table: sa.Table
    busy: str

    def claim(
        self, sql: Sql, connection: int, wanted: sa.ColumnElement[bool], now: datetime, joined: Joined | None
    ) -> Any | None:
        """The next of the `wanted` rows that is ready, or has lapsed, as it was before; None if there is none."""
        c = self.table.c
        ready = (c.state == "ready") & sa.or_(c.not_before.is_(None), c.not_before <= now)
        free = ready | ((c.state == self.busy) & (c.until <= now))
        query = sa.select(self.table).where(c.connection == connection, wanted, free)
        row = sql.tx.execute(query.order_by(c.id).limit(1).with_for_update(skip_locked=True)).one_or_none()
        if row is not None:
            holder = {"process": joined and joined.process, "until": joined and now + joined.patience}
            values = {"state": self.busy, "attempts": row.attempts + 1, "claimed_at": now, **holder}
            sql.tx.execute(sa.update(self.table).where(c.id == row.id).values(values))
        return row

    def open(self) -> list[OpenWork]:
        """The rows that wait, by run under way."""
        runs, connections = work_tables.run, mirror_tables.connection
        query = sa.select(connections.c.name, runs.c.id, sa.func.count()).where(
            self.table.c.connection == connections.c.key, self.table.c.state == "ready",
            runs.c.connection == connections.c.key, runs.c.state.is_(None),
        )  # fmt: skip
        with self.database.reading() as sql:
            rows = sql.tx.execute(query.group_by(connections.c.name, runs.c.id).order_by(runs.c.id))
            return [OpenWork(*row) for row in rows]

    def held(self, row: int, attempt: int) -> sa.ColumnElement[bool]:
        """That a row is still held by whoever made this attempt."""
        c = self.table.c
        return (c.id == row) & (c.state == self.busy) & (c.attempts == attempt)

    def finish(self, sql: Sql, row: int, attempt: int, calls: int) -> bool:
        """Mark a row as done; false where it was given to another worker meanwhile."""
        c = self.table.c
        values = {"state": "done", "calls": sa.func.coalesce(c.calls, 0) + calls}
        return sql.tx.execute(sa.update(self.table).where(self.held(row, attempt)).values(values)).rowcount == 1

    def renew(self, joined: Joined, now: datetime) -> None:
        """Say that a joined worker still works on its rows."""
        self._joined(joined, now + joined.patience)

    def lapse(self, joined: Joined, now: datetime) -> None:
        """Give the unfinished rows of a joined worker to others."""
        self._joined(joined, now)

    def _joined(self, joined: Joined, until: datetime) -> None:
        c, connection = self.table.c, self.database.connection_key(joined.connection)
        mine = (c.connection == connection) & (c.state == self.busy) & (c.process == joined.process)
        with self.database.writing() as sql:
            sql.tx.execute(sa.update(self.table).where(mine).values(until=until))

    def with_others(
        self, connection: str, wanted: sa.ColumnElement[bool], now: datetime, lease: Lease | None
    ) -> bool:  # fmt: skip
        """Whether joined workers hold any of the `wanted` rows. Those of dead processes lapse now."""
        c = self.table.c
        theirs = (c.connection == self.database.connection_key(connection)) & (c.state == self.busy) & wanted
        query = sa.select(c.process).where(theirs, c.until.is_not(None)).distinct()
        with self.database.reading() as sql:
            processes = [process for (process,) in sql.tx.execute(query)]
        if dead := [process for process in processes if is_dead(process)]:
            with self.database.writing(lease) as sql:
                sql.tx.execute(sa.update(self.table).where(theirs, c.process.in_(dead)).values(until=now))
        return bool(processes)
