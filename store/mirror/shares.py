"""Shares of a first load: parts of the CRM that the run's own process and workers that joined it read at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from store import mirror_tables
from store.codec import instant
from store.mirror.pages import keep_records
from store.work_rows import WorkRows

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from model.sync import Page, Share
    from store.database import Database
    from store.fence import Lease
    from store.mirror.kept import Kept
    from store.sql import Sql
    from store.work_rows import Joined

table, cursors = mirror_tables.share, mirror_tables.cursor


@dataclass(frozen=True)
class Claimed:
    """A share that somebody reads, from the connector's mark `after` on."""

    id: int
    text: str
    after: str
    attempt: int


@dataclass(frozen=True)
class Collected:
    """What joined workers read: their calls, and the records of all shares."""

    calls: int = 0
    records: int = 0


@dataclass(frozen=True)
class Shares:
    """The shares of a connection. They outlive a run: the next one goes on with them."""

    database: Database

    @property
    def rows(self) -> WorkRows:
        """The shares as rows of work."""
        return WorkRows(self.database, table, "reading")

    def plan(self, connection: str, planned: Iterable[Share], lease: Lease | None = None) -> None:
        """Keep the shares that are to be read."""
        key = self.database.connection_key(connection)
        with self.database.writing(lease) as sql:
            _plan(sql, key, [(one.text, one.ended.stream, one.ended.text) for one in planned])

    def reopen(self, connection: str, lease: Lease | None = None) -> bool:
        """Give out again what earlier runs left; returns whether there are shares at all."""
        mine = table.c.connection == self.database.connection_key(connection)
        with self.database.reading() as sql:
            states = {state for (state,) in sql.tx.execute(sa.select(table.c.state).where(mine).distinct())}
        if "reading" in states:
            with self.database.writing(lease) as sql:
                sql.tx.execute(sa.update(table).where(mine, table.c.state == "reading").values(state="ready"))
        return bool(states)

    def claim(
        self, connection: str, now: datetime, lease: Lease | None = None, joined: Joined | None = None
    ) -> Claimed | None:
        """Take the next share; None if none waits."""
        with self.database.writing(lease) as sql:
            row = self.rows.claim(sql, self.database.connection_key(connection), sa.true(), now, joined)
        return row and Claimed(row.id, row.text, row.after, row.attempts + 1)

    def split(
        self, connection: str, share: Claimed, parts: Iterable[str], calls: int, lease: Lease | None = None
    ) -> None:  # fmt: skip
        """Put parts in place of a share, unless it was given to another worker. `calls`: see `finish`."""
        key = self.database.connection_key(connection)
        mine = self.rows.held(share.id, share.attempt)
        with self.database.writing(lease) as sql:
            found = sql.tx.execute(sa.delete(table).where(mine).returning(table.c.stream, table.c.ended)).one_or_none()
            if found:
                _plan(sql, key, [(part, *found) for part in parts], calls)

    def keep_page(  # noqa: PLR0917 - the page, its share and its instants
        self, connection: str, share: Claimed, page: Page, upto: str, seen_at: datetime, as_of: datetime,
        lease: Lease | None = None,
    ) -> Kept | None:  # fmt: skip
        """Keep a page and its mark in one transaction; None where the share was given to another worker."""
        key, count = self.database.connection_key(connection), sum(map(len, page.records.values()))
        mine = self.rows.held(share.id, share.attempt)
        with self.database.writing(lease) as sql:
            marked = sa.update(table).where(mine).values(after=upto, records=table.c.records + count)
            if sql.tx.execute(marked).rowcount == 0:
                return None
            return keep_records(sql, key, page, None, seen=instant(seen_at), as_of=instant(as_of))

    def finish(self, share: Claimed, calls: int, lease: Lease | None = None) -> None:
        """The share was read to its end. `calls`: what a joined worker called for it."""
        with self.database.writing(lease) as sql:
            self.rows.finish(sql, share.id, share.attempt, calls)

    def read(self, connection: str) -> int:
        """How many records of the shares were read so far."""
        mine = table.c.connection == self.database.connection_key(connection)
        with self.database.reading() as sql:
            return int(
                sql.tx.execute(sa.select(sa.func.coalesce(sa.func.sum(table.c.records), 0)).where(mine)).scalar_one()
            )

    def with_others(self, connection: str, now: datetime, lease: Lease | None = None) -> bool:
        """Whether joined workers read shares. Those of dead processes may be claimed from now on."""
        return self.rows.with_others(connection, sa.true(), now, lease)

    def collect(self, connection: str, lease: Lease | None = None) -> Collected:
        """All shares were read: keep the cursors of their streams, and forget the shares."""
        key = self.database.connection_key(connection)
        sums = [sa.func.coalesce(sa.func.sum(column), 0) for column in (table.c.calls, table.c.records)]
        mine = table.c.connection == key
        with self.database.writing(lease) as sql:
            calls, records = sql.tx.execute(sa.select(*sums).where(mine)).one()
            ended = sql.tx.execute(sa.select(table.c.stream, table.c.ended).where(mine).distinct())
            rows = [(key, stream, text) for stream, text in ended]
            sql.upsert("cursor", ("connection", "stream", "text"), rows, ("connection", "stream"))
            sql.tx.execute(sa.delete(table).where(mine))
        return Collected(int(calls), int(records))


def _plan(sql: Sql, connection: int, shares: Iterable[tuple[str, str, str]], calls: int = 0) -> None:
    """Insert shares, each as (text, stream, ended). `calls`: those that a joined worker has made for all of them."""
    columns = ("connection", "text", "stream", "ended", "after", "state", "attempts", "records", "calls")
    rows = [(connection, *share, "", "ready", 0, 0, 0 if n else calls) for n, share in enumerate(shares)]
    sql.upsert("share", columns, rows, ("id",))
