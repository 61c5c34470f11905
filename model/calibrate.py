"""Medians of days in stage from the moves of the last twelve months, by Kaplan and Meier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from model.calibration import Calibration, Median
from model.helpers.survival import half_left, in_order
from model.widening.effective_moves import lasting

if TYPE_CHECKING:
    from datetime import date, datetime

FEWEST: Final = 20
"""Visits below which a stage has no median."""
BULK: Final = 20
"""Moves of one second that are a bulk change or an import."""


def calibrate(moves: pl.DataFrame, as_of: datetime, on: date | None = None, floor_days: int = 7) -> Calibration:
    """A proposal from MOVES: the median time to leave each stage in any way; `on` is its day (as_of's UTC day)."""
    medians = {
        (process, stage): Median(days if count >= FEWEST else None, count)
        for process, stage, days, count in kaplan_meier(visits(moves, as_of)).iter_rows()
    }
    return Calibration(on or as_of.date(), medians, floor_days)


def visits(moves: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """Raw visits that count: process, stage, days (of 86,400 s), left (false: still open at as_of).

    Those begun in the last 12 months and known at as_of; left out are visits under an hour, imports and bulk moves at
    either end, and closed stages.
    """
    now = pl.lit(as_of).cast(moves.schema["at"])
    left = (pl.col("key") == pl.col("key").shift(-1)).fill_null(value=False)
    bulk = pl.len().over(pl.col("at").dt.truncate("1s")) >= BULK
    moved = lasting(moves.filter(pl.col("at") <= now)).with_columns(
        odd=bulk | ((pl.col("kind") == "created") & (pl.col("actor") == "integration")),
    )
    ended = moved.with_columns(
        left=left,
        left_at=pl.when(left).then(pl.col("at").shift(-1)).otherwise(now),
        left_odd=pl.when(left).then(pl.col("odd").shift(-1)).otherwise(pl.lit(value=False)),
    )
    stay = pl.col("left_at") - pl.col("at")
    return ended.filter(
        pl.col("to_stage").is_not_null() & pl.col("process").is_not_null() & (pl.col("kind") != "won")
        & ~pl.col("odd") & ~pl.col("left_odd")
        & (pl.col("at") >= now.dt.offset_by("-1y")) & (stay >= pl.duration(hours=1)),
    ).select(
        "process", "left", stage="to_stage", days=stay.dt.total_microseconds() / 86_400e6,
    )  # fmt: skip


def kaplan_meier(stays: pl.DataFrame) -> pl.DataFrame:
    """process, stage, median (days; null where under half were seen to leave) and visits, from `visits`."""
    rows = stays.sort(in_order("days", "left"))
    return rows.group_by("process", "stage", maintain_order=True).agg(
        median=half_left(pl.col("days"), pl.col("left")), visits=pl.len().cast(pl.Int64)
    ).sort("process", "stage")  # fmt: skip
