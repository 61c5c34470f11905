"""What snapshots and histories read alike: small tables, and since when a field's past is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from model.sync import FieldHistory

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import polars as pl

    from store.sql import Sql

HISTORY: Final = {"next_step_changed": "next_step", "owner_changed": "owner_id"}
"""Column of a snapshot's deals → the field of which it says when it was last written."""
FIRST_HOUR: Final = 3_600_000_000  # µs
DAY_US: Final = 86_400_000_000


@dataclass(frozen=True)
class Reach:
    """Since when the CRM's history tells each field: `oldest` is the first row of a field on any deal (µs)."""

    fields: FieldHistory
    oldest: Mapping[str, int] = field(default_factory=dict)
    said: bool = True

    @property
    def always(self) -> frozenset[str]:
        """Fields that are known since a deal's creation."""
        return self.fields.always

    @property
    def always_told(self) -> frozenset[str]:
        """Fields that the connector says to be known since creation."""
        return self.fields.always if self.said else frozenset()

    @property
    def recent(self) -> Mapping[str, int]:
        """Fields that are known since an instant (µs)."""
        return {name: at for name, at in sorted(self.oldest.items()) if name in self.fields.recent - self.always}

    @property
    def before_first_seen(self) -> int:
        """For how long before a deal was first read its recent fields are known (µs)."""
        days = self.fields.days
        return 2**61 if days is None else days * DAY_US


def reach(sql: Sql, connection: int, fields: FieldHistory | None, names: Collection[str] = ()) -> Reach:
    """What the CRM's history reaches (of some fields); where the connector does not say, what has a row is known."""
    some = f" AND field IN ({', '.join('?' * len(names))})" if names else ""
    query = (
        f"SELECT field, min(changed_at) FROM field_change WHERE connection = ? AND origin = 'crm'{some} GROUP BY field"
    )
    oldest = dict(sql.rows(query, connection, *names))
    if fields is None:
        return Reach(FieldHistory(always=frozenset(oldest)), oldest, said=False)
    return Reach(fields, oldest)


def small_table(sql: Sql, connection: int, table: str, schema: pl.Schema) -> pl.DataFrame:
    """A small table of the connection, in the order of its ids."""
    names: list[Any] = [f'"{c}"' for c in schema]
    return sql.frame(
        f'SELECT {", ".join(names)} FROM "{table}" WHERE connection = ? ORDER BY id', (connection,), schema
    )
