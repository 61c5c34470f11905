"""Removing a connection: its rows go in batches, and its own row goes last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson

from store.mirror_tables import metadata
from store.pseudonyms import forget_removed, note_removed, shred
from store.work_tables import push_state

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import sqlalchemy as sa

    from store.database import Database
    from store.fence import Lease
    from store.sql import Sql

OWN_SETS: Final = """
    (substr(digest, 1, length('kpis:{key}:')) = 'kpis:{key}:'
      OR substr(digest, 1, 5) <> 'kpis:' AND digest NOT IN (
        SELECT policy_digest FROM run WHERE connection <> {key}
        UNION SELECT policy_digest FROM frozen_night WHERE connection <> {key})
      AND (NOT EXISTS (SELECT 1 FROM connection WHERE key <> {key}) OR digest IN (
        SELECT policy_digest FROM run WHERE connection = {key}
        UNION SELECT policy_digest FROM frozen_night WHERE connection = {key})))"""
"""The policy files that no other connection worked by. The last connection takes all of them with it."""


def of_connection() -> list[sa.Table]:
    """The tables that have rows of connections, asked for when every module has declared its tables."""
    return [table for table in metadata.sorted_tables if "connection" in table.c]


@dataclass(frozen=True)
class Removal:
    """The rows of a connection, and their removal."""

    database: Database

    def names(self) -> list[str]:
        """Every connection that the store has rows of."""
        with self.database.reading() as sql:
            return [name for (name,) in sql.rows("SELECT name FROM connection ORDER BY name")]

    def rows(self, connection: str) -> dict[str, int]:
        """Table → number of the connection's rows, for tables that have any."""
        key = self.database.connection_key(connection)
        with self.database.reading() as sql:
            counts = {table.name: _count(sql, table.name, f"connection = {key}") for table in of_connection()}
            counts["policy_set"] = _count(sql, "policy_set", OWN_SETS.format(key=key))
        return {table: n for table, n in sorted(counts.items()) if n}

    def shown(self, connection: str) -> int:
        """The number of deals that show values that Sluicegate wrote."""
        key = self.database.connection_key(connection)
        query = (
            "SELECT s.sent FROM push_state s JOIN opportunity o ON o.connection = s.connection AND o.key = s.key"
            f" WHERE s.connection = ? AND o.gone IS NULL AND s.{push_state.c.sent.name} IS NOT NULL"
        )
        with self.database.reading() as sql:
            return sum(
                any(value is not None for value in orjson.loads(sent).values()) for (sent,) in sql.rows(query, key)
            )

    def remove(
        self, connection: str, at: datetime, lease: Lease, progress: Callable[[str, int], None] = lambda _w, _n: None
    ) -> int:
        """Delete everything of a connection; returns how many rows. After a kill it may be given again.

        The name cannot be used any more, until `allow`. Raises ConnectionBusy if the lease was lost.
        """
        key, removed = self.database.connection_key(connection), 0
        with self.database.writing(lease) as sql:
            removed += shred(sql).run(f"DELETE FROM policy_set WHERE {OWN_SETS.format(key=key)}")
        for table in of_connection():
            if table.name != "lease":
                removed += self.database.delete(table, "connection = ?", (key,), lease)
                progress("removed", removed)
        with self.database.writing(lease) as sql:
            for table in of_connection():  # what a beat or a command without a lease has added meanwhile, and the lease
                removed += sql.run(f'DELETE FROM "{table.name}" WHERE connection = ?', key)
            sql.run("DELETE FROM connection WHERE key = ?", key)
            note_removed(sql, connection, at)
        self.database.forget_keys()
        self.database.empty_log()
        return removed

    def allow(self, connection: str) -> None:
        """Let a removed name be used again."""
        with self.database.writing() as sql:
            forget_removed(sql, connection)


def _count(sql: Sql, table: str, where: str) -> int:
    return int(sql.rows(f'SELECT count(*) FROM "{table}" WHERE {where}')[0][0])
