"""One row a deal, with what became of its close date in the window; made of the recorded moves of close dates."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.dictionary import BLANKED, TIME_DIMS, UNSCOPED
from kpis.populations.population import Ask, Population, Source, doubted, is_unknown, unknown
from model.facts import KNOWN
from model.widening.date_moves import DATE_MOVES

if TYPE_CHECKING:
    from collections.abc import Mapping

HISTORY: Final = "pushes"
"""The fact that is known where the close date's history reaches back to the deal's creation."""
DOUBTS: Final = (
    UNSCOPED,
    BLANKED,
    "stateless",
    "unhistoried",
    "unhistoried_before",
    "dayless_then",
    "dayless_before",
    "ageless",
)


def rows(source: Source) -> pl.DataFrame:
    """The moves of close dates, and a row without a day for each deal of which they are not all known."""
    moves = source.date_moves
    unsure = pl.lit(value=True) if moves is None else _unknown_history(source)
    doubtful = source.wide.frame.lazy().filter(unsure | is_unknown(source.wide, "close_date")).select("key").collect()
    known = pl.DataFrame(schema=DATE_MOVES) if moves is None else moves
    return pl.concat([known.select(DATE_MOVES.names()), doubtful], how="diagonal_relaxed")


def _unknown_history(source: Source) -> pl.Expr:
    wide = source.wide
    if HISTORY in wide.dormant or HISTORY not in wide.frame.columns:
        return pl.lit(value=True)
    return ~pl.col(HISTORY + KNOWN) if HISTORY in wide.masked else pl.lit(value=False)


def masked(moves: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    """Every deal in scope, with what its close date did from the first to the last day of the window.

    stands (open at the window's end, history known), pulled_in, pushed_out (net), pushes (moves to later), due (at the
    window's start, within it), slipped; and the doubts.
    """
    first, last = ask.window.days(ask.today)
    deals = (
        ask.frames["deals"]
        .lazy()
        .join(_by_deal(moves, first, last).lazy(), on="key", how="left", maintain_order="left")
    )
    sure, closed = ~pl.col("scopeless"), (pl.col("is_won") | pl.col("is_lost")).fill_null(value=False)
    undated = closed & pl.col("closed_day").is_null()
    unsure = pl.col("unsure").fill_null(value=False)
    there = (pl.col("created") <= last).fill_null(value=True)
    later = pl.lit(value=last < ask.today) & undated
    ends_open = sure & there & (pl.col("is_open") | (pl.col("closed_day") > last)).fill_null(value=False)
    began = first or date.min
    begins_open = sure & (pl.col("is_open") | (pl.col("closed_day") >= began)).fill_null(value=False)
    begin_date = pl.when(pl.col("moved_since").fill_null(value=False)).then("date_then").otherwise("close_date")
    existed = (pl.col("created") < began).fill_null(value=False)
    was_due = begin_date.is_between(began, last).fill_null(value=False)
    stands = ends_open & ~unsure
    due = begins_open & existed & was_due & ~unsure
    return deals.with_columns(
        stands=stands,
        pulled_in=stands & (pl.col("now") < pl.col("was")).fill_null(value=False),
        pushed_out=stands & (pl.col("now") > pl.col("was")).fill_null(value=False),
        pushes=pl.when(stands).then(pl.col("pushes").fill_null(0)).otherwise(0),
        due=due,
        slipped=due & ends_open,
        unhistoried=ends_open & unsure,
        unhistoried_before=begins_open & (existed | pl.col("created").is_null()) & unsure,
        dayless_then=sure & later,
        dayless_before=sure & undated & (existed | pl.col("created").is_null()),
        ageless=begins_open & pl.col("created").is_null() & was_due & ~unsure,
        whole=pl.lit(value=first is not None),
    ).collect()  # fmt: skip


def _by_deal(moves: pl.DataFrame, first: date | None, last: date) -> pl.DataFrame:
    """By deal: was and now (the date before and after the moves of the window), pushes, date_then (at its start)."""
    since = pl.col("on") >= (first or date.min)
    inside = since & (pl.col("on") <= last)
    return moves.group_by("key", maintain_order=True).agg(
        was=pl.col("before").filter(inside).first(),
        now=pl.col("after").filter(inside).last(),
        pushes=(inside & (pl.col("after") > pl.col("before"))).sum(),
        date_then=pl.col("before").filter(since).first(),
        moved_since=since.any(),
        unsure=pl.col("on").is_null().any(),
    )  # fmt: skip


def concerned(deals: pl.DataFrame, _: Mapping[str, pl.DataFrame]) -> pl.DataFrame | None:
    """The deals about which anything is unknown."""
    doubts = [name for name in deals.columns if name in DOUBTS or name.startswith(unknown(""))]
    found = doubted(deals, *doubts)
    return found if found is None else found.with_columns(pl.lit(value=False).alias(unknown(dim)) for dim in TIME_DIMS)


CLOCK: Final = "moved"
DATE_MOVED: Final = Population(rows, masked, concerned, {CLOCK: "close_date"})
