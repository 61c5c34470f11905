"""The rows that KPIs count: deals, entries into stages, visits to stages. Each is one frame, made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.dictionary import DEAL_DIMS
from kpis.window import month, quarter
from model.facts import KNOWN
from model.snapshot import MONEY

if TYPE_CHECKING:
    from kpis.targets import Goal
    from kpis.window import Window
    from model.wide import Wide

DAY_MICROSECONDS: Final = 86_400_000_000
TYPES: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    "is_open": pl.Boolean, "is_won": pl.Boolean, "is_lost": pl.Boolean, "amount_home": MONEY,
    "probability": pl.Float64, "created": pl.Date, "closed_on": pl.Date, "close_date": pl.Date,
}  # fmt: skip
FORWARD: Final = ("forward", "won")
ENDED: Final = (*FORWARD, "lost", "backward")
BEYOND: Final = 1_000_000  # Won stands after every stage, also where no process gives it a place


def said(wide: Wide, fact: str) -> pl.Expr:
    """The fact where it is known, null where it is blank, unknown or dormant."""
    if fact not in wide.frame.columns:
        return pl.lit(None, TYPES.get(fact, pl.String)).alias(fact)
    return pl.when(fact + KNOWN).then(fact).alias(fact) if fact in wide.masked else pl.col(fact)


def deals(wide: Wide, window: Window, goal: Goal) -> pl.DataFrame:
    """One row a deal: open, won and lost in the window, value at home, chance, days, and the dimensions."""
    frame = wide.frame.select(
        "key", as_of="as_of_date",
        **{fact: said(wide, fact) for fact in TYPES},
        **{dim: said(wide, dim) for dim in (*DEAL_DIMS, "stage")},
    )  # fmt: skip
    closed_day = pl.coalesce("closed_on", "close_date")
    inside = window.holds(closed_day, pl.col("as_of"))
    day = pl.when("is_open").then("close_date").otherwise(closed_day)
    due = pl.col("close_date").is_between(goal.first, goal.last) if goal.first else pl.lit(value=False)
    return frame.select(
        "key", *DEAL_DIMS, "stage",
        open=pl.col("is_open").fill_null(value=False),
        won=(pl.col("is_won") & inside).fill_null(value=False),
        lost=(pl.col("is_lost") & inside).fill_null(value=False),
        value="amount_home",
        chance=pl.col("probability").cast(MONEY),
        days=(closed_day - pl.col("created")).dt.total_days(),
        due=due.fill_null(value=False),
        undated=pl.col("close_date").is_null(),
        month=month(day), quarter=quarter(day),
    )  # fmt: skip


def visits(wide: Wide, window: Window, clock: str) -> pl.DataFrame:
    """One row a raw visit to an open stage: days of 86,400 s so far or till it was left, and how it was left.

    `clock` says whether the window, month and quarter are laid on the day of entry (`entered`) or of leaving
    (`left`). `later` is the furthest place the deal ever reached afterwards in the same process.
    """
    moves = wide.moves.filter(~pl.col("ours").fill_null(value=False)).sort("key", "at", maintain_order=True)
    reached = pl.when(pl.col("kind") == "won").then(BEYOND).otherwise("to_order")
    moves = moves.with_columns(
        later=reached.fill_null(0).shift(-1, fill_value=0).reverse().cum_max().reverse().over("key", "process"),
        left_at=pl.col("at").shift(-1).over("key"),
        left_on=pl.col("on").shift(-1).over("key"),
        left_by=pl.col("kind").shift(-1).over("key"),
    )
    won = moves.filter(pl.col("kind") == "won").select("process", "to_stage").unique()
    rows = moves.filter(pl.col("to_order").is_not_null() & ~pl.col("kind").is_in(["won", "lost"]))
    rows = rows.join(won, on=["process", "to_stage"], how="anti", nulls_equal=True, maintain_order="left")
    rows = rows.join(_places(wide), on="key", how="inner", maintain_order="left")
    end = pl.coalesce("left_at", pl.lit(wide.as_of))
    day = pl.col("on" if clock == "entered" else "left_on")
    return rows.filter(window.holds(day, pl.col("as_of"))).select(
        "key", "process", *DEAL_DIMS, stage="to_stage",
        first=pl.struct("key", "process", "to_stage").is_first_distinct(),
        left=pl.col("left_at").is_not_null(),
        forward=pl.col("left_by").is_in(FORWARD).fill_null(value=False),
        ended=pl.col("left_by").is_in(ENDED).fill_null(value=False),
        ever=(pl.col("later") > pl.col("to_order")).fill_null(value=False),
        days=(end - pl.col("at")).dt.total_microseconds() / DAY_MICROSECONDS,
        month=month(day), quarter=quarter(day),
    )  # fmt: skip


def _places(wide: Wide) -> pl.DataFrame:
    return wide.frame.select("key", as_of="as_of_date", **{dim: said(wide, dim) for dim in DEAL_DIMS})
