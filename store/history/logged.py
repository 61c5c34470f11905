"""Activities that count as touches, one by one, whether they lie on a deal or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from model.snapshot import LOGGED
from store.history.touches import COUNTS, HELD, KNOWN

if TYPE_CHECKING:
    from store.history.touches import TouchRule
    from store.sql import Sql

QUERY: Final = f"SELECT DISTINCT id, owner_id, kind, at FROM activity WHERE connection = ? AND gone IS NULL AND {KNOWN} AND {HELD} AND {COUNTS}"  # noqa: E501 - one query


def logged(sql: Sql, connection: int, as_of: int, rule: TouchRule) -> pl.DataFrame:
    """Every touch that was known and had happened at `as_of` (µs), once each (LOGGED)."""
    others = " AND ".join(["created_by <> ?"] * len(rule.own_users)) or "1 = 1"
    query = QUERY.format(at=as_of, others=others)
    schema = pl.Schema({"id": pl.String(), **LOGGED})
    return sql.frame(query, (connection, *sorted(rule.own_users)), schema).drop("id")
