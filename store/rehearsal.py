"""A rehearsal: a throw-away copy of what we know of one connection, for runs that must leave no trace."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from store.base import Base
from store.schema import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from store.sql import Sql

ROWS: Final = 20_000


class Rehearsals(Base):
    """Copies of a connection."""

    @contextmanager
    def rehearsal(self, connection: str) -> Iterator[Self]:
        """A SQLite store with this connection's rows as they stand now; it is gone when the block ends."""
        with tempfile.TemporaryDirectory(prefix="sluicegate-") as folder:
            copy = type(self)(f"sqlite:///{Path(folder) / 'rehearsal.db'}")
            copy.upgrade()
            try:
                with self.reading() as ours, copy.writing() as theirs:
                    for key in ours.rows("SELECT key FROM connection WHERE name = ?", connection):
                        _copy(ours, theirs, key[0])
                yield copy
            finally:
                copy.close()


def _copy(ours: Sql, theirs: Sql, connection: int) -> None:
    """Every row of the connection, as the drivers give it: both databases keep the same plain numbers and texts."""
    for table in metadata.sorted_tables:
        mark = "key" if table.name == "connection" else "connection"
        if mark not in table.c or table.name == "lease":
            continue
        names = ", ".join(f'"{column.name}"' for column in table.c)
        query = ours.text(f'SELECT {names} FROM "{table.name}" WHERE "{mark}" = ?')
        found = ours.tx.execution_options(stream_results=True).exec_driver_sql(query, (connection,))
        insert = f'INSERT INTO "{table.name}" ({names}) VALUES ({", ".join("?" * len(table.c))})'
        for rows in found.partitions(ROWS):
            theirs.many(insert, [tuple(row) for row in rows])
