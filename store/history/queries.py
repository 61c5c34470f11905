"""Queries that snapshots and histories share: small tables, and the reach of each field's history."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from model.facts import FOLLOWED
from model.snapshot import OWNERS
from model.sync import FieldHistory
from store.history.past import with_unread
from store.sql_parts import OWNER_NAME

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from store.sql import Sql

HISTORY: Final = {"next_step_changed": "next_step", "owner_changed": "owner_id"}
"""Column of a snapshot's deals → the field; the column holds when it was last written."""
WITHOUT_FEED: Final = tuple(sorted(FOLLOWED - {"close_date"}))
"""Followed fields that have no feed of their own; each deal's `unread` says where their history has a gap."""
FIRST_HOUR: Final = 3_600_000_000  # µs
DAY_US: Final = 86_400_000_000


@dataclass(frozen=True)
class Reach:
    """How far back the CRM's history of each field reaches. `oldest`: a field's first row on any deal (µs)."""

    fields: FieldHistory
    oldest: Mapping[str, int] = field(default_factory=dict)
    declared: bool = True

    @property
    def always(self) -> frozenset[str]:
        """Fields that are known since a deal's creation."""
        return self.fields.always

    @property
    def always_reported(self) -> frozenset[str]:
        """Fields that the connector declares as known since creation."""
        return self.fields.always if self.declared else frozenset()

    @property
    def recent(self) -> Mapping[str, int]:
        """Fields that are known since an instant (µs)."""
        return {name: at for name, at in sorted(self.oldest.items()) if name in self.fields.recent - self.always}

    @property
    def before_first_seen(self) -> int:
        """For how long before a deal was first read its recent fields are known (µs)."""
        days = self.fields.days
        return 2**61 if days is None else days * DAY_US


def since_creation(reach: Reach, name: str) -> pl.Expr:
    """Whether every change of a field since the deal's creation is recorded, over `created` and `first_seen` (µs)."""
    created = pl.col("created").dt.epoch("us")
    if name in reach.always_reported:
        return created.is_not_null()
    whole = pl.col("first_seen") - created <= FIRST_HOUR
    if name in reach.oldest:
        whole |= created >= reach.oldest[name]
    return whole.fill_null(value=False)


def with_history_gaps(deals: pl.DataFrame, reach: Reach) -> pl.DataFrame:
    """The deals with `amount_history` and the like in `unread`, where a followed field's history has a gap."""
    for name in WITHOUT_FEED:
        gap = pl.when(~since_creation(reach, name)).then(pl.lit(f"{name}_history"))
        deals = deals.with_columns(with_unread(gap).alias("unread"))
    return deals


def reach(sql: Sql, connection: int, fields: FieldHistory | None, names: Collection[str] = ()) -> Reach:
    """The reach of the CRM's history, of some fields. Without a declaration, fields with a row count as known."""
    some = f" AND field IN ({', '.join('?' * len(names))})" if names else ""
    query = (
        f"SELECT field, min(changed_at) FROM field_change WHERE connection = ? AND origin = 'crm'{some} GROUP BY field"
    )
    oldest = dict(sql.rows(query, connection, *names))
    if fields is None:
        return Reach(FieldHistory(always=frozenset(oldest)), oldest, declared=False)
    return Reach(fields, oldest)


def owners(sql: Sql, connection: int) -> pl.DataFrame:
    """Everybody who owns or owned something; two people of one name can be told apart by their names, too."""
    columns: list[Any] = [OWNER_NAME if column == "name" else f'"{column}"' for column in OWNERS]
    query = f"SELECT {', '.join(columns)} FROM owner WHERE connection = ? ORDER BY id"
    return sql.frame(query, (connection,), OWNERS)


def small_table(sql: Sql, connection: int, table: str, schema: pl.Schema) -> pl.DataFrame:
    """A small table of the connection, in the order of its ids."""
    names: list[Any] = [f'"{c}"' for c in schema]
    return sql.frame(
        f'SELECT {", ".join(names)} FROM "{table}" WHERE connection = ? ORDER BY id', (connection,), schema
    )
