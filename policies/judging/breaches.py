"""What is remembered of gates: each criterion that a move bound, once judged; once met it stays met."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from model.previous_verdict import BREACHES
from model.snapshot import INSTANT, columns
from policies.judging.gates import _BACK, _name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from policies.judging.rules import Rule

KEY = ("key", "criterion", "moved_at")


def remembered(before: pl.DataFrame, bound: pl.DataFrame, backs: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """BREACHES after this judgement: what was, brought up to date, and what a move bound since.

    `bound` are the rows of `gates.missed`; `backs` (key, criterion, back_at) the last moves back to or before a gate.
    """
    now = bound.select(*KEY, "side", "broken", "as_of_date")
    new = now.join(before, on=KEY, how="anti").filter(pl.col("broken").is_not_null()).select(
        "key", "criterion", "side", "moved_at",
        met_on=pl.when(~pl.col("broken")).then("as_of_date"),
        ended=pl.lit(None, pl.String),
        first_judged=pl.lit(as_of, BREACHES["first_judged"]),
    )  # fmt: skip
    return pl.concat([_updated(before, now, backs), new]).select(BREACHES.names()).sort("key", "criterion", "moved_at")


def _updated(before: pl.DataFrame, now: pl.DataFrame, backs: pl.DataFrame) -> pl.DataFrame:
    """Earlier rows: those still open end when they are met late or the deal was taken back."""
    rows = before.join(now.drop("side"), on=KEY, how="left").join(backs, on=["key", "criterion"], how="left")
    is_open = pl.col("met_on").is_null() & pl.col("ended").is_null()
    back = is_open & (pl.col("back_at") > pl.col("moved_at")).fill_null(value=False)
    met = is_open & (~pl.col("broken")).fill_null(value=False)
    return rows.with_columns(
        met_on=pl.when(met).then("as_of_date").otherwise("met_on"),
        ended=pl.when(back).then(pl.lit("taken_back")).when(met).then(pl.lit("met_late")).otherwise("ended"),
    ).select(BREACHES.names())


def moves_back(frame: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """Rows (key, criterion, back_at): the last move back to or before each criterion's gate."""
    parts = [
        frame.select("key", criterion=pl.lit(rule.id), back_at=_name(rule.place, _BACK)).drop_nulls()
        for rule in rules
        if rule.place
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema=_BACKS)


_BACKS = columns({"key": pl.Int64, "criterion": pl.String, "back_at": INSTANT})
