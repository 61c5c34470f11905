"""The rows that KPIs count: deals, entries into stages, visits to stages. Each is one frame, made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.dictionary import DEAL_DIMS, TIME_DIMS
from kpis.window import month, quarter
from model.facts import KNOWN
from model.snapshot import MONEY
from model.widening.effective_moves import lasting

if TYPE_CHECKING:
    from kpis.targets import Goal
    from kpis.window import Window
    from model.wide import Wide

DAY_MICROSECONDS: Final = 86_400_000_000
TYPES: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    "is_open": pl.Boolean, "is_won": pl.Boolean, "is_lost": pl.Boolean, "amount_home": MONEY,
    "probability": pl.Float64, "created": pl.Date, "closed_on": pl.Date, "close_date": pl.Date,
}  # fmt: skip
COLUMNS: Final = frozenset({*TYPES, *DEAL_DIMS, "stage"})
"""Facts that the rows below are made of."""
FORWARD: Final = ("forward", "won")
ENDED: Final = (*FORWARD, "lost", "backward")
BEYOND: Final = 1_000_000  # Won stands after every stage, also where no process gives it a place


def known_value(wide: Wide, fact: str) -> pl.Expr:
    """The fact where it is known, null where it is blank, unknown or dormant."""
    if fact not in wide.frame.columns:
        return pl.lit(None, TYPES.get(fact, pl.String)).alias(fact)
    return pl.when(fact + KNOWN).then(fact).alias(fact) if fact in wide.masked else pl.col(fact)


def unknown(dim: str) -> str:
    """The column that is true for deals of which nobody knows the group of a dimension."""
    return f"unknown_{dim}"


def is_unknown(wide: Wide, *facts: str) -> pl.Expr:
    """Whether one of the facts is unknown; a blank and a dormant one is not."""
    masks = [~pl.col(fact + KNOWN) for fact in facts if fact in wide.masked and fact not in wide.dormant]
    return pl.any_horizontal(masks) if masks else pl.lit(value=False)


def deals(wide: Wide, window: Window, goal: Goal) -> pl.DataFrame:
    """One row a deal: open, won and lost in the window, value at home, chance, days, and the dimensions.

    `stateless`: its state is unknown. `dayless`: it is closed on an unknown day, which may lie outside the window.
    """
    frame = wide.frame.select(
        "key", as_of="as_of_date", day_unknown=is_unknown(wide, "is_open", "close_date"),
        **{unknown(dim): is_unknown(wide, dim) for dim in (*DEAL_DIMS, "stage")},
        **{fact: known_value(wide, fact) for fact in TYPES},
        **{dim: known_value(wide, dim) for dim in (*DEAL_DIMS, "stage")},
    )  # fmt: skip
    closed_day = pl.coalesce("closed_on", "close_date")
    inside = window.holds(closed_day, pl.col("as_of"))
    day = pl.when("is_open").then("close_date").otherwise(closed_day)
    due = pl.col("close_date").is_between(goal.first, goal.last) if goal.first else pl.lit(value=False)
    nowhere = day.is_null() & pl.col("day_unknown")
    return frame.select(
        "key", *DEAL_DIMS, "stage", *(unknown(dim) for dim in (*DEAL_DIMS, "stage")),
        stateless=pl.any_horizontal(pl.col("is_open", "is_won", "is_lost").is_null()),
        dayless=(pl.col("is_won") | pl.col("is_lost")).fill_null(value=False) & closed_day.is_null() & ~inside,
        unknown_month=nowhere, unknown_quarter=nowhere,
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


def stays(wide: Wide) -> pl.DataFrame:
    """One row a raw visit to an open stage: days of 86,400 s until it was left or until now, and how it was left.

    `ever`: the deal later reached a higher stage of the same process, or Won. `first`: its first visit to the stage.
    """
    moves = lasting(wide.moves)
    goes_on = pl.col("key") == pl.col("key").shift(-1)
    moves = moves.with_columns(
        pl.when(goes_on).then(pl.col(column).shift(-1)).alias(name)
        for column, name in (("at", "left_at"), ("on", "left_on"), ("kind", "left_by"))
    )
    moves = _reached(moves)
    won = moves.filter(pl.col("kind") == "won").select("process", "to_stage").unique()
    rows = moves.filter(pl.col("to_order").is_not_null() & ~pl.col("kind").is_in(["won", "lost"]))
    rows = rows.join(won, on=["process", "to_stage"], how="anti", nulls_equal=True, maintain_order="left")
    end = pl.coalesce("left_at", pl.lit(wide.as_of))
    return rows.select(
        "key", "on", "left_on", stage="to_stage",
        first=(pl.col("part") * BEYOND + pl.col("to_order")).is_first_distinct(),
        left=pl.col("left_at").is_not_null(),
        forward=pl.col("left_by").is_in(FORWARD).fill_null(value=False),
        ended=pl.col("left_by").is_in(ENDED).fill_null(value=False),
        ever=pl.col("later") > pl.col("to_order"),
        days=(end - pl.col("at")).dt.total_microseconds() / DAY_MICROSECONDS,
    )  # fmt: skip


def _reached(moves: pl.DataFrame) -> pl.DataFrame:
    """`moves` by deal and process, numbered `part`, with `later`: the furthest place reached after each move in it.

    One running maximum from the end does for all parts: each part stands BEYOND above the one after it.
    """
    rows = moves.sort("key", "process", maintain_order=True)
    changes = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in ("key", "process"))
    rows = rows.with_columns(part=changes.cum_sum().cast(pl.Int64))
    place = pl.when(pl.col("kind") == "won").then(BEYOND - 1).otherwise(pl.col("to_order").fill_null(0))
    furthest = (place - pl.col("part") * BEYOND).reverse().cum_max().reverse().shift(-1)
    within = pl.col("part") == pl.col("part").shift(-1)
    return rows.with_columns(later=pl.when(within).then(furthest + pl.col("part") * BEYOND).otherwise(0))


def visits(stayed: pl.DataFrame, wide: Wide, window: Window, clock: str) -> pl.DataFrame:
    """The stays with a day of entry (`entered`) or leaving (`left`) in the window, with the deal's dimensions."""
    day = pl.col("on" if clock == "entered" else "left_on")
    rows = stayed.join(_places(wide), on="key", how="inner", maintain_order="left")
    return rows.filter(window.holds(day, pl.col("as_of"))).with_columns(month=month(day), quarter=quarter(day))


def visitors(stayed: pl.DataFrame, visited: pl.DataFrame, wide: Wide) -> pl.DataFrame:
    """One row a deal: `counted` where it visited, `stageless` where it has no visit because its stage is unknown."""
    lost = is_unknown(wide, "stage", "stage_since")
    here = wide.frame.with_columns(_lost=lost & ~pl.col("key").is_in(stayed["key"].implode()))
    nowhere = {unknown(dim): pl.col("_lost") for dim in ("stage", *TIME_DIMS)}
    return here.select(
        stageless="_lost", counted=pl.col("key").is_in(visited["key"].implode()), **nowhere,
        **{unknown(dim): is_unknown(wide, dim) for dim in DEAL_DIMS},
        **{dim: known_value(wide, dim) for dim in DEAL_DIMS},
        **{dim: pl.lit(None, pl.String) for dim in ("stage", *TIME_DIMS)},
    )  # fmt: skip


def _places(wide: Wide) -> pl.DataFrame:
    return wide.frame.select("key", as_of="as_of_date", **{dim: known_value(wide, dim) for dim in DEAL_DIMS})
