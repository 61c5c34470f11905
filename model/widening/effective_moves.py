"""Effective moves: without our own moves, and without those that our own took back. Ages and KPIs count them."""

from __future__ import annotations

import polars as pl


def lasting(moves: pl.DataFrame) -> pl.DataFrame:
    """MOVES as people made them, sorted by key and time.

    A move that we took back is left out together with our own move back. A move that we restored counts.
    """
    own = pl.col("ours").fill_null(value=False) & (pl.col("kind") != "created")
    rows = _sorted(moves).with_columns(_own=own)
    if not rows["_own"].any():
        return rows.drop("_own")
    rows = rows.with_columns(_made=(~pl.col("_own")).cum_sum())  # a person's move and our own moves right after it
    last = rows.group_by("_made").agg(_end=pl.col("to_order").last(), _process=pl.col("process").last())
    rows = rows.join(last, on="_made", how="left", maintain_order="left").filter(~pl.col("_own"))
    back = (pl.col("_end") == pl.col("from_order")) & (pl.col("_process") == pl.col("process"))
    return rows.filter(~back.fill_null(value=False)).select(moves.columns)


def _sorted(moves: pl.DataFrame) -> pl.DataFrame:
    """`moves` by key and time, as nearly all come."""
    key, at = pl.col("key"), pl.col("at")
    astray = (key < key.shift(1)) | ((key == key.shift(1)) & (at < at.shift(1)))
    return moves.sort("key", "at", maintain_order=True) if moves.select(astray.any()).item() else moves
