"""The mirror of a CRM: its records and the cursors of its streams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
import sqlalchemy as sa

from model.sync import Cursor
from store import mirror_tables
from store.codec import instant
from store.mirror import aside, returned
from store.mirror.pages import keep_records
from store.mirror.records import deal_activities, deal_changes, records

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from model.records import Record
    from model.sync import Page
    from store.database import Database
    from store.fence import Lease
    from store.mirror.kept import Kept


@dataclass(frozen=True)
class Mirror:
    """Pages, cursors and records as last read."""

    database: Database

    def cursors(self, connection: str) -> dict[str, Cursor]:
        """Stream → its cursor."""
        table = mirror_tables.cursor
        query = sa.select(table.c.stream, table.c.text).where(
            table.c.connection == self.database.connection_key(connection)
        )
        with self.database.reading() as sql:
            return {stream: Cursor(stream, text) for stream, text in sql.tx.execute(query)}

    def keep_page(
        self,
        connection: str,
        page: Page,
        seen_at: datetime,
        as_of: datetime,
        *,
        lease: Lease | None = None,
        run_id: int | None = None,
    ) -> Kept:
        """Keep a page and its cursor in one transaction; raises ConnectionBusy if the lease was lost.

        A column that is missing in a record keeps its value, and a deal lists it as unread.
        """
        key, seen, now = self.database.connection_key(connection), instant(seen_at), instant(as_of)
        with self.database.writing(lease) as sql:
            return keep_records(sql, key, page, run_id, seen=seen, as_of=now)

    def set_aside(self, connection: str, at_most: int = 1000) -> dict[str, list[str]]:
        """Table → CRM ids of records that could not be read when they last came; the longest ago first."""
        with self.database.reading() as sql:
            return aside.waiting(sql, self.database.connection_key(connection), at_most)

    def returned(self, connection: str) -> list[str]:
        """Deals with children that are to be read again."""
        noted = self.cursors(connection).get(returned.STREAM)
        return orjson.loads(noted.text) if noted else []

    def forget_returned(self, connection: str, ids: Collection[str], lease: Lease | None = None) -> None:
        """The children of these deals were read again."""
        key = self.database.connection_key(connection)
        with self.database.writing(lease) as sql:
            returned.forget(sql, key, ids)

    def ids(self, connection: str, *, gone: bool = False) -> dict[str, int]:
        """CRM id → key of every deal that is not gone; `gone` includes those that are."""
        query = "SELECT id, key FROM opportunity WHERE connection = ? AND first_seen IS NOT NULL"
        with self.database.reading() as sql:
            return dict(
                sql.rows(query if gone else f"{query} AND gone IS NULL", self.database.connection_key(connection))
            )

    def deals_with(self, connection: str, activities: Collection[str]) -> set[str]:
        """CRM ids of the deals on which these activities were when they were last read.

        An activity on several deals has a row for each, whose id goes on after a colon.
        """
        query = (
            "SELECT o.id FROM activity a JOIN opportunity o ON o.key = a.key"
            " WHERE a.connection = ? AND (a.id = ? OR (a.id >= ? AND a.id < ?))"
        )
        key = self.database.connection_key(connection)
        with self.database.reading() as sql:
            return {id_ for one in activities for (id_,) in sql.rows(query, key, one, f"{one}:", f"{one};")}

    def activities(self, connection: str, id_: str) -> list[Record]:
        """Activities on a deal and, without a deal of their own, on its contacts; newest first."""
        with self.database.reading() as sql:
            return deal_activities(sql, self.database.connection_key(connection), id_)

    def changes(self, connection: str, table: str, id_: str | None = None) -> list[Record]:
        """Rows of stage_change or field_change by deal and time, of one deal if it is named."""
        with self.database.reading() as sql:
            return deal_changes(sql, self.database.connection_key(connection), table, id_)

    def records(self, connection: str, table: str) -> list[Record]:
        """Every record of a list table (owner, account, crm_stage, rate), by id; raises ValueError for another."""
        if table not in mirror_tables.LISTS:
            raise ValueError(f"{table} is no list: {', '.join(mirror_tables.LISTS)}")
        with self.database.reading() as sql:
            return list(records(sql, table, " WHERE connection = ?", self.database.connection_key(connection)))
