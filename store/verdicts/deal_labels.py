"""The labels of a deal on screen: its name, pipeline, stage label, owner's name, and whether it is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from store.sql_parts import OWNERS, deal_filter

if TYPE_CHECKING:
    from model.deal_keys import DealKeys
    from store.sql import Sql

STAGE_LABEL: Final = """coalesce((
        SELECT s.label FROM crm_stage s WHERE s.connection = o.connection AND s.name = o.stage_name
          AND (s.pipeline IS NULL OR s.pipeline = o.pipeline) LIMIT 1), o.stage_name)"""
OWNER_NAME: Final = "coalesce(u.name, o.owner_id)"
IS_OPEN: Final = "CASE WHEN o.is_closed IS NULL THEN NULL WHEN o.is_closed = 0 THEN 1 ELSE 0 END"
OF_DEALS: Final = f"FROM opportunity o LEFT JOIN {OWNERS} u ON u.connection = o.connection AND u.id = o.owner_id"
LABELS: Final = pl.Schema({
    "name": pl.String(), "pipeline": pl.String(), "stage_name": pl.String(), "owner": pl.String(),
    "is_open": pl.Boolean(),
})  # fmt: skip
"""The columns a verdict keeps of the deal, so that it can be shown again after the deal has changed."""


def deal_labels(sql: Sql, connection: int, keys: DealKeys) -> pl.DataFrame:
    """`key` and LABELS of some deals."""
    query = (
        f"SELECT o.key, o.name, o.pipeline, {STAGE_LABEL}, {OWNER_NAME}, {IS_OPEN} {OF_DEALS}"
        f" WHERE o.connection = ? AND {deal_filter(keys, 'o.key')} ORDER BY o.key"
    )
    return sql.frame(query, (connection,), pl.Schema({"key": pl.Int64(), **LABELS}))
