"""The copy of one connection that a dry run works on; it leaves no trace in the store."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from store.codec import instant, instant_of
from store.database import Database
from store.mirror_tables import metadata
from store.runs.policy_sets import KPIS
from store.verdicts.decisions import oldest_kept

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from store.sql import Sql

ROWS: Final = 20_000
LOOKED_BACK: Final = timedelta(days=31)
"""How far before its own day a dry run may ask for past verdicts."""
NOT_COPIED: Final = frozenset({"lease", "frozen", "kpi_value", "judged_deal", "touched_deal", "judging", "nudge"})
"""Tables that no run reads."""


@contextmanager
def dry_run_copy(database: Database, connection: str, as_of: datetime | None = None) -> Iterator[Database]:
    """A SQLite database with this connection's rows as they stand now; it is deleted when the block ends.

    Of past verdicts it has those of the LOOKED_BACK days before `as_of` (None: before the newest judgement).
    """
    with tempfile.TemporaryDirectory(prefix="sluicegate-") as folder:
        copy = Database(f"sqlite:///{Path(folder) / 'dry-run.db'}")
        copy.upgrade()
        try:
            with database.reading() as source, copy.writing() as target:
                for (key,) in source.rows("SELECT key FROM connection WHERE name = ?", connection):
                    _copy(source, target, key, _oldest_needed(source, key, as_of))
                    _copy_last_files(source, target, key)
                    target.many(
                        "INSERT INTO secret_key (id, key) VALUES (?, ?)", source.rows("SELECT * FROM secret_key")
                    )
            yield copy
        finally:
            copy.close()


def _oldest_needed(source: Sql, connection: int, as_of: datetime | None) -> int:
    """The first run that keeps its verdict in the copy."""
    newest = source.rows("SELECT max(as_of) FROM run WHERE connection = ? AND judged = 1", connection)[0][0]
    until = instant(as_of) if as_of else newest
    return 0 if until is None else oldest_kept(source, connection, instant_of(until) - LOOKED_BACK) or 0


def _copy_last_files(source: Sql, target: Sql, connection: int) -> None:
    """Copy the connection's last valid files with KPIs and with policies, which are used while newer ones are wrong."""
    query = "SELECT digest, files, kept_at FROM policy_set WHERE digest {} LIMIT 1"
    kpis = source.rows(query.format("LIKE ? ORDER BY kept_at DESC"), f"{KPIS}{connection}:%")
    newest = "= (SELECT policy_digest FROM run WHERE connection = ? AND policy_digest <> '' ORDER BY id DESC LIMIT 1)"
    policies = source.rows(query.format(newest), connection)
    target.many("INSERT INTO policy_set (digest, files, kept_at) VALUES (?, ?, ?)", [*kpis, *policies])


def _copy(source: Sql, target: Sql, connection: int, oldest: int) -> None:
    """Copy every row of the connection undecoded: both databases store the same plain numbers and texts."""
    for table in metadata.sorted_tables:
        mark = "key" if table.name == "connection" else "connection"
        if mark not in table.c or table.name in NOT_COPIED:
            continue
        names = ", ".join(f'"{column.name}"' for column in table.c)
        recent = f" AND ended > {oldest:d}" if table.name.endswith("_past") else ""
        query = source.text(f'SELECT {names} FROM "{table.name}" WHERE "{mark}" = ?{recent}')
        found = source.tx.execution_options(stream_results=True).exec_driver_sql(query, (connection,))
        insert = f'INSERT INTO "{table.name}" ({names}) VALUES ({", ".join("?" * len(table.c))})'
        for rows in found.partitions(ROWS):
            target.many(insert, [tuple(row) for row in rows])
    target.run("UPDATE run SET judged = NULL WHERE judged = 1 AND id < ?", oldest)
