"""Approvals that let a change through the brake, and pauses that reps ask for on the record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
import polars as pl
import sqlalchemy as sa

from model.deal_keys import ALL_DEALS
from model.previous_verdict import ASKED, PAUSES
from store import work_tables
from store.codec import day
from store.sql_parts import deal_filter

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from model.deal_keys import DealKeys
    from store.database import Database
    from store.fence import Lease
    from store.sql import Sql


VANISHED: Final = "vanished-deals"
"""The `policy` of an approval that lets a reconciliation mark many deals as vanished."""
MANY_ACTIONS: Final = "many-actions"
"""The `policy` of an approval that lets a run do many actions; its revision is the digest of the policy set."""
UNDONE: Final = "undone-records"
"""The `policy` of an approval that frees every record that waits after an undo; its revision is that digest, too."""


@dataclass(frozen=True)
class Approval:
    """A person allows one revision of a rule to change up to `up_to` deals, once.

    `used` is the instant when an approval of this revision, this or an earlier one, last let a change through.
    """

    policy: str
    revision: str
    up_to: int
    by: str
    at: datetime
    used: datetime | None = None

    @property
    def good(self) -> bool:
        """Whether it is still unused."""
        return self.used is None or self.used < self.at


@dataclass(frozen=True)
class Approvals:
    """Approvals and pauses."""

    database: Database

    def pauses(self, connection: str, keys: DealKeys = ALL_DEALS) -> tuple[pl.DataFrame, pl.DataFrame]:
        """(granted PAUSES, ASKED as on the records now) of model/previous_verdict.py."""
        key = self.database.connection_key(connection)
        with self.database.reading() as sql:
            granted = sql.frame(
                f"SELECT {', '.join(PAUSES)} FROM pause WHERE connection = ? AND {deal_filter(keys)}"
                " ORDER BY key, number", (key,), PAUSES,
            )  # fmt: skip
            return granted, _asked(sql, key, keys, granted)

    def keep_pauses(
        self, connection: str, pauses: pl.DataFrame, keys: DealKeys = ALL_DEALS, lease: Lease | None = None
    ) -> None:
        """Replace the granted pauses of some deals."""
        key = self.database.connection_key(connection)
        rows = [(key, *map(_plain, row)) for row in pauses.select(PAUSES.names()).iter_rows()]
        with self.database.writing(lease) as sql:
            sql.run(f"DELETE FROM pause WHERE connection = ? AND {deal_filter(keys)}", key)
            sql.upsert("pause", ("connection", *PAUSES), rows, ("connection", "key", "number"))

    def approve(self, connection: str, approval: Approval) -> None:
        """Keep an approval. It replaces an earlier one of the same revision and keeps its `used`."""
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
    """Note that these approvals were used at an instant; one that was given again meanwhile stays unused."""
    table = work_tables.approval
    for one in approvals:
        mine = (table.c.connection == connection) & (table.c.policy == one.policy)
        mine &= (table.c.revision == one.revision) & (table.c.at == one.at)
        sql.tx.execute(sa.update(table).where(mine).values(used=as_of))


def _asked(sql: Sql, connection: int, keys: DealKeys, granted: pl.DataFrame) -> pl.DataFrame:
    """Deals with a pause on the record, and deals with a granted pause and an unreadable record."""
    fields = f"SELECT key, ours FROM opportunity WHERE connection = ? AND {deal_filter(keys)} AND gone IS NULL"
    named = sql.rows(f"{fields} AND ours LIKE ?", connection, '%"pause_until":"%')
    rows = [(key, _field(text, "pause_until"), _field(text, "pause_reason"), True) for key, text in named]
    waiting = granted["key"].unique().to_list()
    if waiting:
        among, given = sql.among("key", waiting)
        without = "(ours IS NULL OR ours NOT LIKE ?)"
        unreadable = sql.rows(f"SELECT key FROM opportunity WHERE {among} AND {without}", given, '%"pause_until"%')
        rows += [(key, None, None, False) for (key,) in unreadable]
    return _frame(rows)


def _frame(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    schema = {**ASKED, "asked": pl.String()}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(pl.col("asked").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)).filter(
        pl.col("asked").is_not_null() | ~pl.col("readable")
    )


def _field(text: str, name: str) -> Any:
    return orjson.loads(text).get(name)


def _plain(value: Any) -> Any:
    return day(value) if hasattr(value, "toordinal") else value
