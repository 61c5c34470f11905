"""One row a visit to an open stage: when it began, how long it lasted, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.dictionary import STAGE
from kpis.populations.population import Ask, Population, Source, is_unknown, unknown
from model.widening.effective_moves import lasting

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY_MICROSECONDS: Final = 86_400_000_000
FORWARD: Final = ("forward", "won")
ENDED: Final = (*FORWARD, "lost", "backward")
BEYOND: Final = 1_000_000  # Won stands after every stage, also where no process gives it a place
STAGELESS: Final = "stageless"


def rows(source: Source) -> pl.DataFrame:
    """Raw visits to open stages, with the deal's dimensions, and a row without a day for each deal of unknown stage.

    on, left_on (days), days (of 86,400 s until it was left or until now), first (of the deal to this stage), left,
    forward, ended, ever (the deal later reached a higher stage of the process, or Won), stageless.
    """
    deals = source.rows(()).drop("stage").collect()
    stayed = _visits(source.wide.moves, pl.lit(source.wide.as_of))
    sure = deals.filter(~pl.col("scopeless"))
    visits = sure.drop("process", strict=False).join(stayed, on="key", how="inner", maintain_order="left")
    lost = source.wide.frame.lazy().filter(is_unknown(source.wide, "stage", "stage_since")).select("key").collect()
    absent = lost["key"].filter(~lost["key"].is_in(stayed["key"].implode()))
    doubtful = deals.filter(pl.col("key").is_in(absent.implode()) | pl.col("scopeless"))
    doubtful = doubtful.with_columns(stageless=~pl.col("scopeless"), unknown_stage=~pl.col("scopeless"))
    return pl.concat([visits.with_columns(stageless=pl.lit(value=False)), doubtful], how="diagonal")


def _visits(moves: pl.DataFrame, as_of: pl.Expr) -> pl.DataFrame:
    moves = lasting(moves)
    goes_on = pl.col("key") == pl.col("key").shift(-1)
    moves = moves.with_columns(
        pl.when(goes_on).then(pl.col(column).shift(-1)).alias(name)
        for column, name in (("at", "left_at"), ("on", "left_on"), ("kind", "left_by"))
    )
    moves = _reached(moves)
    won = moves.filter(pl.col("kind") == "won").select("process", "to_stage").unique()
    rows = moves.filter(pl.col("to_order").is_not_null() & ~pl.col("kind").is_in(["won", "lost"]))
    rows = rows.join(won, on=["process", "to_stage"], how="anti", nulls_equal=True, maintain_order="left")
    end = pl.coalesce("left_at", as_of)
    return rows.select(
        "key", "on", "left_on", "process", stage="to_stage",
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


def masked(visits: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    """`visits` with entered and departed: whether the day of entry, or of leaving, is in the window."""
    as_of, real = pl.col("as_of"), pl.col("days").is_not_null()
    return visits.with_columns(
        entered=ask.window.holds(pl.col("on"), as_of) & real,
        departed=ask.window.holds(pl.col("left_on"), as_of) & real & pl.col("left"),
    )


def concerned(visits: pl.DataFrame, _: Mapping[str, pl.DataFrame]) -> pl.DataFrame | None:
    """A row a deal: `entered` and `departed` if any of its visits did."""
    doubts = [name for name in visits.columns if name in {"scopeless", STAGELESS} or name.startswith(unknown(""))]
    if not visits.select(pl.any_horizontal(doubts).any()).item():
        return None
    masks = [name for name in doubts if name != unknown(STAGE)]
    keep = pl.exclude("entered", "departed")
    deals = visits.group_by("key", maintain_order=True).agg(keep.first(), pl.col("entered", "departed").any())
    return deals.with_columns(
        *(pl.col(name).fill_null(value=False) for name in masks),
        *(pl.col(STAGELESS).alias(unknown(name)) for name in (STAGE, *VISITS.clocks.values())),
    )


VISITS: Final = Population(rows, masked, concerned, {"entered": "on", "left": "left_on"})
