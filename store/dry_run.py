"""A rehearsal: a throw-away copy of what we know of one connection, for runs that must leave no trace."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from store.codec import instant, instant_of
from store.mirror_tables import metadata
from store.verdicts.decisions import Decisions, oldest_kept

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Self

    from store.sql import Sql

ROWS: Final = 20_000
LOOKED_BACK: Final = timedelta(days=31)
"""How far before its own day a rehearsed run may ask what was decided."""
LEFT: Final = frozenset({"lease", "frozen", "kpi_value"})
"""What no run asks of the past."""


class Rehearsals(Decisions):
    """Copies of a connection."""

    @contextmanager
    def rehearsal(self, connection: str, as_of: datetime | None = None) -> Iterator[Self]:
        """A SQLite store with this connection's rows as they stand now; it is gone when the block ends.

        Of decisions it has those of the LOOKED_BACK days before `as_of` (None: before the newest judgement).
        """
        with tempfile.TemporaryDirectory(prefix="sluicegate-") as folder:
            copy = type(self)(f"sqlite:///{Path(folder) / 'rehearsal.db'}")
            copy.upgrade()
            try:
                with self.reading() as ours, copy.writing() as theirs:
                    for (key,) in ours.rows("SELECT key FROM connection WHERE name = ?", connection):
                        _copy(ours, theirs, key, _oldest_needed(ours, key, as_of))
                yield copy
            finally:
                copy.close()


def _oldest_needed(ours: Sql, connection: int, as_of: datetime | None) -> int:
    """The first run whose verdict the copy can still tell."""
    newest = ours.rows("SELECT max(as_of) FROM run WHERE connection = ? AND judged = 1", connection)[0][0]
    until = instant(as_of) if as_of else newest
    return 0 if until is None else oldest_kept(ours, connection, instant_of(until) - LOOKED_BACK) or 0


def _copy(ours: Sql, theirs: Sql, connection: int, oldest: int) -> None:
    """Every row of the connection, as the drivers give it: both databases keep the same plain numbers and texts."""
    for table in metadata.sorted_tables:
        mark = "key" if table.name == "connection" else "connection"
        if mark not in table.c or table.name in LEFT:
            continue
        names = ", ".join(f'"{column.name}"' for column in table.c)
        recent = f" AND ended > {oldest:d}" if table.name.endswith("_past") else ""
        query = ours.text(f'SELECT {names} FROM "{table.name}" WHERE "{mark}" = ?{recent}')
        found = ours.tx.execution_options(stream_results=True).exec_driver_sql(query, (connection,))
        insert = f'INSERT INTO "{table.name}" ({names}) VALUES ({", ".join("?" * len(table.c))})'
        for rows in found.partitions(ROWS):
            theirs.many(insert, [tuple(row) for row in rows])
    theirs.run("UPDATE run SET judged = NULL WHERE judged = 1 AND id < ?", oldest)
