"""One row a visit to an open stage: when it began, how long it lasted, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.dictionary import BLANKED, STAGE, STAGED, UNSCOPED
from kpis.populations.population import Ask, Population, Source, is_unknown, member, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY_MICROSECONDS: Final = 86_400_000_000
FORWARD: Final = ("forward", "won")
ENDED: Final = (*FORWARD, "lost", "backward")
BEYOND: Final = 1_000_000
"""More places than a process has."""
STAGELESS: Final = "stageless"
LENGTH: Final = "length"
"""What visits are sorted by: how long they lasted, and of one length those that ended before the open ones. The order
is that of model/helpers/survival.py."""
MOVED: Final = ("key", "at", "on", "process", "to_stage", "to_order", "kind")


def rows(source: Source) -> pl.DataFrame:
    """Raw visits to open stages, and a row without a day for each deal of unknown stage; `key` is that of the deal.

    on, left_on (days), days (of 86,400 s until it was left or until now), left, forward, ended, and of the deal's first
    visit to the stage: first, ever (the deal later reached a higher stage of the process, or Won), next (the very next
    one), here (the deal is in the stage now); stageless. The dimensions of the deal are those of its row of deals.
    """
    deals = source.rows(()).select("key", "process", "as_of", "scopeless").collect()
    stayed = _visits(source)
    sure = deals.filter(~pl.col("scopeless")).drop("process")
    visits = stayed.join(sure, on="key", how="inner", maintain_order="left")
    lost = source.wide.frame.lazy().filter(is_unknown(source.wide, "stage", "stage_since")).select("key").collect()
    absent = lost["key"].filter(~lost["key"].is_in(stayed["key"].implode()))
    doubtful = deals.filter(pl.col("key").is_in(absent.implode()) | pl.col("scopeless"))
    doubtful = doubtful.with_columns(stageless=~pl.col("scopeless"))
    return pl.concat([visits.with_columns(stageless=pl.lit(value=False)), doubtful], how="diagonal")


def _visits(source: Source) -> pl.DataFrame:
    moves = _placed(source.moves.select(MOVED), source)
    kind = pl.col("kind")
    goes_on = pl.col("key") == pl.col("key").shift(-1)
    moves = moves.with_columns(
        pl.when(goes_on).then(value.shift(-1)).alias(name)
        for name, value in (
            ("left_at", pl.col("at")), ("left_on", pl.col("on")), ("forward", kind.is_in(FORWARD)),
            ("ended", kind.is_in(ENDED)),
        )
    ).drop("kind")  # fmt: skip
    rows = _reached(moves.filter(pl.col("place").is_not_null()))
    took = (pl.coalesce("left_at", pl.lit(source.wide.as_of)) - pl.col("at")).dt.total_microseconds()
    left = pl.col("left_at").is_not_null()
    return rows.filter(pl.col("place") != pl.col("top")).select(
        "key", "on", "left_on", "process", "first", "ever", "next", "here",
        pl.col("forward", "ended").fill_null(value=False),
        stage="to_stage", left=left, days=took / DAY_MICROSECONDS, length=took * 2 + (~left).cast(pl.Int64),
    )  # fmt: skip


def _placed(moves: pl.DataFrame, source: Source) -> pl.DataFrame:
    """`moves` with `place`, their stage's in its process, and `top`, Won's, which is the last; lost has no place."""
    tops = {process.id: len(process.stages) for process in source.processes}
    top = pl.lit(BEYOND - 1, pl.Int64)
    for process, stages in tops.items():
        top = pl.when(pl.col("process") == process).then(pl.lit(stages, pl.Int64)).otherwise(top)
    kind = pl.col("kind")
    place = pl.when(kind == "won").then("top").when(kind != "lost").then("to_order")
    return moves.with_columns(top=top).with_columns(place=place)


def _reached(moves: pl.DataFrame) -> pl.DataFrame:
    """`moves` to places of processes, with first, ever, next and here.

    `spot` is a deal's place in a process. In its order, visits to a place stand before those to the next place.
    """
    rows = _by_process(moves)
    changes = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in ("key", "process"))
    rows = rows.with_columns(part=changes.cum_sum().cast(pl.Int64) * BEYOND, turn=pl.int_range(pl.len()))
    place, part = pl.col("place"), pl.col("part")
    # one running maximum from the end does for all parts: each stands BEYOND above the one after it
    furthest = (place - part).reverse().cum_max().reverse().shift(-1) + part
    ever = ((furthest > place) & (part == part.shift(-1))).fill_null(value=False)
    rows = rows.with_columns(ever=ever, spot=part + place).drop("part").sort("spot", maintain_order=True)
    rows = rows.with_columns(first=pl.col("spot").ne_missing(pl.col("spot").shift(1)))
    return rows.with_columns(_of_spots(rows).select(pl.all().gather(rows["first"].cum_sum() - 1)))


def _by_process(moves: pl.DataFrame) -> pl.DataFrame:
    """`moves` with those of a deal in each process together; most deals stay in one."""
    strays = (pl.col("key") == pl.col("key").shift(1)) & pl.col("process").ne_missing(pl.col("process").shift(1))
    return moves.sort("key", "process", maintain_order=True) if moves.select(strays.any()).item() else moves


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


def concerned(visits: pl.DataFrame, masked: Mapping[str, pl.DataFrame]) -> pl.DataFrame | None:
    """A row a deal: `entered` and `departed` if any of its visits did.

    A deal that the scope sets aside also has a row for each stage, with `staged` true; its other row has it false.
    """
    doubts = [name for name in visits.columns if name in {UNSCOPED, BLANKED, STAGELESS}]
    deals, masks = masked["deals"], _masks(masked["deals"])
    unsure = deals.filter(pl.any_horizontal(pl.lit(value=False), *masks))["key"]
    found = visits.filter(pl.any_horizontal(*doubts) | pl.col("key").is_in(unsure.implode()))
    if found.is_empty():
        return None
    members = [name for name in map(member, masks) if name not in found.columns]
    found = found.join(deals.select("key", *members, *masks), on="key", how="left", maintain_order="left").sort(LENGTH)
    keep = pl.exclude("entered", "departed")
    aside, ends = pl.col(UNSCOPED) | pl.col(BLANKED), pl.col("entered", "departed").any()
    by_deal = found.group_by("key", maintain_order=True).agg(keep.first(), ends)
    staged = found.filter(aside).group_by("key", "process", "stage", maintain_order=True).agg(keep.first(), ends)
    by_deal = pl.concat(
        [
            by_deal.with_columns(pl.when(aside).then(pl.lit(value=False)).alias(STAGED)),
            staged.with_columns(pl.lit(value=True).alias(STAGED)),
        ],
        how="diagonal_relaxed",
    )
    return by_deal.with_columns(
        *(pl.col(name).fill_null(value=False) for name in (*doubts, *masks)),
        *(pl.col(STAGELESS).alias(unknown(name)) for name in (STAGE, *VISITS.clocks.values())),
    )


def _masks(deals: pl.DataFrame) -> list[str]:
    """The masks of the dimensions of deals. Whether a visit's stage is known is another question."""
    return [name for name in deals.columns if name.startswith(unknown("")) and name != unknown(STAGE)]


VISITS: Final = Population(rows, masked, concerned, {"entered": "on", "left": "left_on"}, order=LENGTH, of="deals")
