"""One row a visit to an open stage: when it began, how long it lasted, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.dictionary import BLANKED, STAGE, STAGED, UNSCOPED
from kpis.populations.population import Ask, Population, Source, doubted, is_unknown, unknown
from model.helpers.survival import in_order
from model.widening.effective_moves import lasting

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY_MICROSECONDS: Final = 86_400_000_000
FORWARD: Final = ("forward", "won")
ENDED: Final = (*FORWARD, "lost", "backward")
BEYOND: Final = 1_000_000
"""More places than a process has."""
STAGELESS: Final = "stageless"


def rows(source: Source) -> pl.DataFrame:
    """Raw visits to open stages, with the deal's dimensions, and a row without a day for each deal of unknown stage.

    on, left_on (days), days (of 86,400 s until it was left or until now), left, forward, ended, and of the deal's first
    visit to the stage: first, ever (the deal later reached a higher stage of the process, or Won), next (the very next
    one), here (the deal is in the stage now); stageless.
    """
    deals = source.rows(()).drop("stage").collect()
    stayed = _visits(source)
    sure = deals.filter(~pl.col("scopeless"))
    visits = sure.drop("process", strict=False).join(stayed, on="key", how="inner", maintain_order="left")
    lost = source.wide.frame.lazy().filter(is_unknown(source.wide, "stage", "stage_since")).select("key").collect()
    absent = lost["key"].filter(~lost["key"].is_in(stayed["key"].implode()))
    doubtful = deals.filter(pl.col("key").is_in(absent.implode()) | pl.col("scopeless"))
    doubtful = doubtful.with_columns(stageless=~pl.col("scopeless"), unknown_stage=~pl.col("scopeless"))
    return pl.concat([visits.with_columns(stageless=pl.lit(value=False)), doubtful], how="diagonal")


def _visits(source: Source) -> pl.DataFrame:
    moves = _placed(lasting(source.wide.moves), source)
    goes_on = pl.col("key") == pl.col("key").shift(-1)
    moves = moves.with_columns(
        pl.when(goes_on).then(pl.col(column).shift(-1)).alias(name)
        for column, name in (("at", "left_at"), ("on", "left_on"), ("kind", "left_by"))
    )
    rows = _reached(moves).filter(pl.col("place") != pl.col("top"))
    end = pl.coalesce("left_at", pl.lit(source.wide.as_of))
    return rows.select(
        "key", "on", "left_on", "process", "first", "ever", "next", "here", stage="to_stage",
        left=pl.col("left_at").is_not_null(),
        forward=pl.col("left_by").is_in(FORWARD).fill_null(value=False),
        ended=pl.col("left_by").is_in(ENDED).fill_null(value=False),
        days=(end - pl.col("at")).dt.total_microseconds() / DAY_MICROSECONDS,
    )  # fmt: skip


def _placed(moves: pl.DataFrame, source: Source) -> pl.DataFrame:
    """`moves` with `place`, their stage's in its process, and `top`, Won's, which is the last; lost has no place."""
    known = pl.DataFrame(
        [(process.id, len(process.stages)) for process in source.processes],
        schema={"process": pl.String, "top": pl.Int64}, orient="row",
    )  # fmt: skip
    moves = moves.join(known, on="process", how="left", maintain_order="left")
    top, kind = pl.col("top").fill_null(BEYOND - 1), pl.col("kind")
    place = pl.when(kind == "won").then(top).when(kind != "lost").then("to_order")
    return moves.with_columns(top=top, place=place)


def _reached(moves: pl.DataFrame) -> pl.DataFrame:
    """`moves` to places of processes, with first, ever, next and here.

    `spot` is a deal's place in a process. In its order, visits to a place stand before those to the next place.
    """
    rows = moves.filter(pl.col("place").is_not_null()).sort("key", "process", maintain_order=True)
    changes = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in ("key", "process"))
    rows = rows.with_columns(part=changes.cum_sum().cast(pl.Int64) * BEYOND, turn=pl.int_range(pl.len()))
    place, part = pl.col("place"), pl.col("part")
    # one running maximum from the end does for all parts: each stands BEYOND above the one after it
    furthest = (place - part).reverse().cum_max().reverse().shift(-1) + part
    ever = ((furthest > place) & (part == part.shift(-1))).fill_null(value=False)
    rows = rows.with_columns(ever=ever, spot=part + place).sort("spot", maintain_order=True)
    rows = rows.with_columns(first=pl.col("spot").ne_missing(pl.col("spot").shift(1)))
    return rows.with_columns(_of_spots(rows).select(pl.all().gather(rows["first"].cum_sum() - 1)))


def _of_spots(rows: pl.DataFrame) -> pl.DataFrame:
    """A row a spot: `next`, the deal came to the next place after its first visit to this one; `here`, it is in it."""
    first, last = pl.col("first"), pl.col("first").shift(-1, fill_value=True)
    spots = rows.select(
        spot=pl.col("spot").filter(first), began=pl.col("turn").filter(first), latest=pl.col("turn").filter(last),
        here=pl.col("left_at").is_null().filter(last),
    )  # fmt: skip
    follows = (pl.col("spot").shift(-1) == pl.col("spot") + 1) & (pl.col("latest").shift(-1) > pl.col("began"))
    return spots.select("here", next=follows.fill_null(value=False))


def masked(visits: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    """`visits` with entered and departed: whether the day of entry, or of leaving, is in the window."""
    as_of, real = pl.col("as_of"), pl.col("days").is_not_null()
    return visits.with_columns(
        entered=ask.window.holds(pl.col("on"), as_of) & real,
        departed=ask.window.holds(pl.col("left_on"), as_of) & real & pl.col("left"),
    )


def concerned(visits: pl.DataFrame, _: Mapping[str, pl.DataFrame]) -> pl.DataFrame | None:
    """A row a deal: `entered` and `departed` if any of its visits did.

    A deal that the scope sets aside also has a row for each stage, with `staged` true; its other row has it false.
    """
    doubts = [name for name in visits.columns if name in {UNSCOPED, BLANKED, STAGELESS} or name.startswith(unknown(""))]
    found = doubted(visits, *doubts)
    if found is None:
        return None
    masks = [name for name in doubts if name != unknown(STAGE)]
    keep = pl.exclude("entered", "departed")
    aside, ends = pl.col(UNSCOPED) | pl.col(BLANKED), pl.col("entered", "departed").any()
    deals = found.group_by("key", maintain_order=True).agg(keep.first(), ends)
    staged = found.filter(aside).group_by("key", "process", "stage", maintain_order=True).agg(keep.first(), ends)
    deals = pl.concat(
        [
            deals.with_columns(pl.when(aside).then(pl.lit(value=False)).alias(STAGED)),
            staged.with_columns(pl.lit(value=True).alias(STAGED)),
        ],
        how="diagonal_relaxed",
    )
    return deals.with_columns(
        *(pl.col(name).fill_null(value=False) for name in masks),
        *(pl.col(STAGELESS).alias(unknown(name)) for name in (STAGE, *VISITS.clocks.values())),
    )


VISITS: Final = Population(
    rows, masked, concerned, {"entered": "on", "left": "left_on"}, order=in_order("days", "left")
)
