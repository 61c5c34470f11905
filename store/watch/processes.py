"""The processes that keep everything current: each says every few seconds that it is alive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import sqlalchemy as sa

from store.codec import instant
from store.database import now_of
from store.fence import is_dead, this_process
from store.watch import tables

if TYPE_CHECKING:
    from datetime import datetime

    from store.database import Database

table = tables.process
Kind: TypeAlias = Literal["worker", "beat"]
SILENT: Final = timedelta(seconds=40)
"""A process of another machine that has not been heard of for so long is taken for dead."""
FORGOTTEN: Final = timedelta(days=1)


@dataclass(frozen=True)
class Process:
    """A worker's process or a beat. `seen_at` is by the database's clock."""

    id: str
    kind: Kind
    since: datetime
    seen_at: datetime

    @property
    def host(self) -> str:
        """The machine that it runs on."""
        return self.id.split(" ")[0]

    @property
    def pid(self) -> int:
        """Its number there."""
        return int(self.id.split(" ")[2])

    def is_alive(self, now: datetime) -> bool:
        """Whether it was heard of lately and has not certainly ended."""
        return self.seen_at + SILENT > now and not is_dead(self.id)


@dataclass(frozen=True)
class Processes:
    """The rows of processes."""

    database: Database

    def note(self, kind: Kind, process: str | None = None) -> None:
        """Say that the process, by default this one, is alive. Forgets those that nobody has heard of for a day."""
        with self.database.writing() as sql:
            now = now_of(sql)
            at = instant(now)
            sql.run(
                "INSERT INTO process (process, kind, since, seen_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (process) DO UPDATE SET kind = excluded.kind, seen_at = excluded.seen_at",
                *(process or this_process(), kind, at, at),
            )
            sql.tx.execute(sa.delete(table).where(table.c.seen_at < now - FORGOTTEN))

    def alive(self) -> list[Process]:
        """The processes that live now, by the database's clock."""
        now = self.database.now()
        return [one for one in self.all() if one.is_alive(now)]

    def all(self) -> list[Process]:
        """Every process that is known, the one heard of last first."""
        query = sa.select(table.c.process, table.c.kind, table.c.since, table.c.seen_at)
        with self.database.reading() as sql:
            rows = sql.tx.execute(query.order_by(table.c.seen_at.desc(), table.c.process))
            return [Process(*row) for row in rows]
