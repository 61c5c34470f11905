"""Pauses: what reps ask for on the record, and what was granted; and what a person let through the brake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
import polars as pl
import sqlalchemy as sa

from model.previous_verdict import ASKED, PAUSES
from store import work_tables
from store.codec import day
from store.mirror_tables import ALL_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from store.database import Database
    from store.fence import Lease
    from store.sql import Sql


VANISHED: Final = "vanished-deals"
"""What an approval names that lets a reconciliation give up many deals."""
MANY_ACTIONS: Final = "many-actions"
"""What an approval names that lets a run do many actions; its revision is the digest of the policy set."""


@dataclass(frozen=True)
class Approval:
    """A person's word that one revision of a rule may change up to so many deals, once.

    `used`: as of when something last went through by a word on this revision, this one's or an earlier one's.
    """

    policy: str
    revision: str
    up_to: int
    by: str
    at: datetime
    used: datetime | None = None

    @property
    def good(self) -> bool:
        """Whether nothing has gone through by it yet."""
        return self.used is None or self.used < self.at


@dataclass(frozen=True)
class Approvals:
    """What people said beside the policies: pauses on records, approvals."""

    database: Database

    def pauses(self, connection: str, keys: tuple[int, int] | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
        """(PAUSES granted, ASKED as records stand now) of model/previous_verdict.py; `keys` is a range of deals."""
        key, span = self.database.connection_key(connection), keys or ALL_KEYS
        with self.database.reading() as sql:
            granted = sql.frame(
                f"SELECT {', '.join(PAUSES)} FROM pause WHERE connection = ? AND key BETWEEN ? AND ?"
                " ORDER BY key, number", (key, *span), PAUSES,
            )  # fmt: skip
            return granted, _asked(sql, key, span, granted)

    def keep_pauses(
        self, connection: str, pauses: pl.DataFrame, keys: tuple[int, int] | None = None, lease: Lease | None = None
    ) -> None:
        """Replace the granted pauses of a range of deals."""
        key, span = self.database.connection_key(connection), keys or ALL_KEYS
        rows = [(key, *map(_plain, row)) for row in pauses.select(PAUSES.names()).iter_rows()]
        with self.database.writing(lease) as sql:
            sql.run("DELETE FROM pause WHERE connection = ? AND key BETWEEN ? AND ?", key, *span)
            sql.upsert("pause", ("connection", *PAUSES), rows, ("connection", "key", "number"))

    def approve(self, connection: str, approval: Approval) -> None:
        """Note an approval; a later one of the same revision replaces it, and keeps when that was last used."""
        table, key = work_tables.approval, self.database.connection_key(connection)
        mine = (table.c.connection == key) & (table.c.policy == approval.policy)
        mine &= table.c.revision == approval.revision
        with self.database.writing() as sql:
            used = sql.tx.execute(sa.select(table.c.used).where(mine)).scalar()
            sql.tx.execute(sa.delete(table).where(mine))
            sql.tx.execute(sa.insert(table).values(connection=key, **vars(approval) | {"used": used}))

    def all(self, connection: str) -> list[Approval]:
        """Every approval, oldest first."""
        table = work_tables.approval
        names = Approval.__dataclass_fields__
        query = sa.select(*(table.c[name] for name in names)).where(
            table.c.connection == self.database.connection_key(connection)
        )
        with self.database.reading() as sql:
            return [Approval(*row) for row in sql.tx.execute(query.order_by(table.c.at, table.c.policy))]


def note_used(sql: Sql, connection: int, approvals: Iterable[Approval], as_of: datetime) -> None:
    """Note that something has gone through by these, as of an instant; one given anew meanwhile stays good."""
    table = work_tables.approval
    for one in approvals:
        mine = (table.c.connection == connection) & (table.c.policy == one.policy)
        mine &= (table.c.revision == one.revision) & (table.c.at == one.at)
        sql.tx.execute(sa.update(table).where(mine).values(used=as_of))


def _asked(sql: Sql, connection: int, span: tuple[int, int], granted: pl.DataFrame) -> pl.DataFrame:
    """Deals whose record names a pause, and those with a granted one whose record can no longer be asked."""
    ours = "SELECT key, ours FROM opportunity WHERE connection = ? AND key BETWEEN ? AND ? AND gone IS NULL"
    named = sql.rows(f"{ours} AND ours LIKE ?", connection, *span, '%"pause_until":"%')
    rows = [(key, _said(text, "pause_until"), _said(text, "pause_reason"), True) for key, text in named]
    waiting = granted["key"].unique().to_list()
    if waiting:
        among, given = sql.among("key", waiting)
        silent = "(ours IS NULL OR ours NOT LIKE ?)"
        mute = sql.rows(f"SELECT key FROM opportunity WHERE {among} AND {silent}", given, '%"pause_until"%')
        rows += [(key, None, None, False) for (key,) in mute]
    return _frame(rows)


def _frame(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    schema = {**ASKED, "asked": pl.String()}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(pl.col("asked").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)).filter(
        pl.col("asked").is_not_null() | ~pl.col("readable")
    )


def _said(text: str, name: str) -> Any:
    return orjson.loads(text).get(name)


def _plain(value: Any) -> Any:
    return day(value) if hasattr(value, "toordinal") else value
