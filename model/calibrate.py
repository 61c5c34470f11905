"""Medians of days in stage from the moves of the last twelve months, by Kaplan and Meier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from model.calibration import Calibration, Median
from model.widening.effective_moves import lasting

if TYPE_CHECKING:
    from datetime import date, datetime

FEWEST: Final = 20
"""Visits below which a stage has no median."""
BULK: Final = 20
"""Moves of one second that are a bulk change or an import."""
HALF: Final = 0.5 + 1e-12


def calibrate(moves: pl.DataFrame, as_of: datetime, on: date | None = None, floor_days: int = 7) -> Calibration:
    """A proposal from MOVES: the median time to leave each stage forward; `on` is its day (as_of's UTC day)."""
    medians = {
        (process, stage): Median(days if count >= FEWEST else None, count)
        for process, stage, days, count in kaplan_meier(visits(moves, as_of)).iter_rows()
    }
    return Calibration(on or as_of.date(), medians, floor_days)


def visits(moves: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """Raw visits that count: process, stage, days (of 86,400 s), forward (false: censored when it ended or at as_of).

    Those begun in the last 12 months and known at as_of; left out are visits under an hour, imports and bulk moves at
    either end, and closed stages.
    """
    now = pl.lit(as_of).cast(moves.schema["at"])
    last = pl.col("key") != pl.col("key").shift(-1)
    bulk = pl.len().over(pl.col("at").dt.truncate("1s")) >= BULK
    moved = lasting(moves.filter(pl.col("at") <= now)).with_columns(
        odd=bulk | ((pl.col("kind") == "created") & (pl.col("actor") == "integration")),
    )
    ended = moved.with_columns(
        left_at=pl.when(~last).then(pl.col("at").shift(-1)).otherwise(now),
        left_kind=pl.when(~last).then(pl.col("kind").shift(-1)).otherwise(pl.lit("")),
        left_odd=pl.when(~last).then(pl.col("odd").shift(-1)).otherwise(pl.lit(value=False)),
    )
    stay = pl.col("left_at") - pl.col("at")
    return ended.filter(
        pl.col("to_stage").is_not_null() & pl.col("process").is_not_null() & (pl.col("kind") != "won")
        & ~pl.col("odd") & ~pl.col("left_odd")
        & (pl.col("at") >= now.dt.offset_by("-1y")) & (stay >= pl.duration(hours=1)),
    ).select(
        "process", stage="to_stage", days=stay.dt.total_microseconds() / 86_400e6,
        forward=pl.col("left_kind").is_in(["forward", "won"]),
    )  # fmt: skip


def kaplan_meier(stays: pl.DataFrame) -> pl.DataFrame:
    """process, stage, median (days; null where under half were seen to leave) and visits, from `visits`."""
    place = ["process", "stage"]
    at_day = stays.group_by(*place, "days").agg(
        gone=pl.len().cast(pl.Int64), left=pl.col("forward").sum().cast(pl.Int64)
    )
    at_day = at_day.sort(*place, "days").with_columns(
        before=pl.col("gone").sum().over(place) - pl.col("gone").cum_sum().over(place) + pl.col("gone"),
    )
    curve = at_day.with_columns(stayed=(1 - pl.col("left") / pl.col("before")).cum_prod().over(place))
    return curve.group_by(place, maintain_order=True).agg(
        median=pl.col("days").filter(pl.col("stayed") <= HALF).first(),
        visits=pl.col("gone").sum(),
    )  # fmt: skip
