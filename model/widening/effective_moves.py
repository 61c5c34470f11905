"""Moves that last: without ours, and without those that ours took back. What ages and KPIs look at."""

from __future__ import annotations

import polars as pl


def lasting(moves: pl.DataFrame) -> pl.DataFrame:
    """MOVES as people made them, sorted by key and time.

    A move that we took back is left out together with ours, as if neither had been; where we gave it back it counts.
    """
    ours = pl.col("ours").fill_null(value=False) & (pl.col("kind") != "created")
    rows = moves.sort("key", "at", maintain_order=True).with_columns(_ours=ours)
    if not rows["_ours"].any():
        return rows.drop("_ours")
    rows = rows.with_columns(_made=(~pl.col("_ours")).cum_sum())  # a person's move and those of ours right after it
    last = rows.group_by("_made").agg(_end=pl.col("to_order").last(), _process=pl.col("process").last())
    rows = rows.join(last, on="_made", how="left", maintain_order="left").filter(~pl.col("_ours"))
    back = (pl.col("_end") == pl.col("from_order")) & (pl.col("_process") == pl.col("process"))
    return rows.filter(~back.fill_null(value=False)).select(moves.columns)
