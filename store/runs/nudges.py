"""Records that somebody worked on just now. Each waits once, until it was read again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from store.codec import Instant, instant, instant_of, name
from store.mirror_tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from store.database import Database

table: Final = sa.Table(
    "nudge", metadata,
    sa.Column("connection", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", name(), primary_key=True),  # opportunity or activity
    sa.Column("id", name(), primary_key=True),
    sa.Column("first_at", Instant, nullable=False),  # when it was first noted
    sa.Column("times", sa.Integer, nullable=False),  # how often it was noted: what came meanwhile is not done
)  # fmt: skip
NOTE: Final = (
    "INSERT INTO nudge (connection, kind, id, first_at, times) VALUES (?, ?, ?, ?, 1)"
    " ON CONFLICT (connection, kind, id) DO UPDATE SET times = nudge.times + 1"
)
OLDEST: Final = (
    "SELECT c.name, min(n.first_at), count(*) FROM nudge n JOIN connection c ON c.key = n.connection GROUP BY c.name"
)


@dataclass(frozen=True)
class Nudge:
    """One record: a deal, or an activity on deals that are to be found."""

    kind: str
    id: str
    first_at: datetime
    times: int


@dataclass(frozen=True)
class Waiting:
    """What waits on a connection: since when, and how many records."""

    since: datetime
    records: int


@dataclass(frozen=True)
class Nudges:
    """The records that wait to be read again."""

    database: Database

    def note(self, connection: str, records: Iterable[tuple[str, str]], at: datetime) -> None:
        """Note records, each as (kind, id). One that waits already is not noted twice."""
        key = self.database.connection_key(connection)
        rows = [(key, kind, id_, instant(at)) for kind, id_ in sorted(set(records))]
        if rows:
            with self.database.writing() as sql:
                sql.many(NOTE, rows)

    def waiting(self) -> dict[str, Waiting]:
        """What waits, by connection."""
        with self.database.reading() as sql:
            return {name: Waiting(instant_of(since), int(n)) for name, since, n in sql.rows(OLDEST)}

    def of(self, connection: str, at_most: int) -> list[Nudge]:
        """What waits on a connection, the oldest first."""
        query = "SELECT kind, id, first_at, times FROM nudge WHERE connection = ? ORDER BY first_at, kind, id LIMIT ?"
        with self.database.reading() as sql:
            rows = sql.rows(query, self.database.connection_key(connection), at_most)
        return [Nudge(kind, id_, instant_of(first), times) for kind, id_, first, times in rows]

    def done(self, connection: str, nudges: Iterable[Nudge]) -> None:
        """Forget what was worked on. A record that was noted again meanwhile goes on waiting."""
        key = self.database.connection_key(connection)
        rows = [(key, one.kind, one.id, one.times) for one in nudges]
        with self.database.writing() as sql:
            sql.many("DELETE FROM nudge WHERE connection = ? AND kind = ? AND id = ? AND times = ?", rows)

    def forget(self, connection: str) -> None:
        """Forget all that waits on a connection: the next run reads it."""
        with self.database.writing() as sql:
            sql.run("DELETE FROM nudge WHERE connection = ?", self.database.connection_key(connection))
