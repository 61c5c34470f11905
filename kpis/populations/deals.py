"""One row a deal: its state, amount, chance and days, and what is unknown about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.dictionary import BLANKED, UNSCOPED
from kpis.populations.deal_stages import blind, of_moves, with_figures, with_stages
from kpis.populations.population import OWN, TYPES, Ask, Population, Source, doubted, is_unknown, unknown
from model.snapshot import MONEY

if TYPE_CHECKING:
    from collections.abc import Mapping

IMPORT: Final = pl.duration(hours=1)
"""A deal that the CRM created and closed within this time was closed before it came into the CRM."""
DOUBTS: Final = (UNSCOPED, BLANKED, "stateless", "dayless", "uncreated", "won_undated", "unproposed")


def rows(source: Source) -> pl.DataFrame:
    """Every deal in scope.

    is_open, is_won, is_lost, value (Decimal, home currency), chance, created, closed_day, close_date, days (created to
    closed), imported (created closed), day_unknown, created_unknown, stateless, what deal_stages.py adds; dimensions
    and their `unknown_` masks.
    """
    wide = source.wide
    frame = source.rows(
        TYPES,
        day_unknown=is_unknown(wide, "is_open", "close_date"),
        created_unknown=is_unknown(wide, "created"),
        _blind=blind(source),
        **source.extra,
    )
    frame = frame.join(of_moves(source).lazy(), on="key", how="left", maintain_order="left")
    closed = (pl.col("is_won") | pl.col("is_lost")).fill_null(value=False)
    imported = closed & pl.lit(not source.count_imported) & pl.coalesce(
        (pl.col("_took") <= IMPORT) & (pl.col("close_date") != pl.col("_last_on")),
        pl.col("closed_on").is_null() & (pl.col("close_date") < pl.col("created")),
        pl.lit(value=False),
    )  # fmt: skip
    frame = frame.with_columns(imported=imported).with_columns(
        closed_day=pl.when("imported").then("close_date").otherwise(pl.coalesce("closed_on", "close_date"))
    )
    return with_stages(frame, source).select(
        pl.exclude("probability", "amount_home", "_took", "_last_on", "closed_on"),
        value="amount_home", chance=pl.col("probability").cast(MONEY),
        days=pl.when(~pl.col("imported")).then((pl.col("closed_day") - pl.col("created")).dt.total_days()),
        stateless=pl.any_horizontal(pl.col("is_open", "is_won", "is_lost").is_null()) & ~pl.col("scopeless"),
    ).collect()  # fmt: skip


def masked(deals: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    """`deals` with open; won, lost, dayless, created and uncreated in the window; undated; age; and by the targets.

    due and won_in_period: in the period of the targets. proposed_in_window, unproposed: of Proposal.
    """
    goal, as_of, sure = ask.goal, pl.col("as_of"), ~pl.col("scopeless")
    is_won = pl.col("is_won").fill_null(value=False) & sure
    inside = ask.window.holds(pl.col("closed_day"), as_of)
    due = pl.col("close_date").is_between(goal.first, goal.last) if goal.first else pl.lit(value=False)
    closed = (pl.col("is_won") | pl.col("is_lost")).fill_null(value=False)
    born = ask.window.holds(pl.col("created"), as_of)
    lost = (pl.col("is_lost") & inside).fill_null(value=False) & sure
    return with_figures(deals, ask).with_columns(
        open=pl.col("is_open").fill_null(value=False) & sure,
        won=(pl.col("is_won") & inside).fill_null(value=False) & sure,
        lost=lost,
        lost_total=lost.sum(),
        dayless=closed & pl.col("closed_day").is_null() & ~inside & sure,
        created_in_window=born & sure,
        uncreated=pl.col("created").is_null() & ~born & sure,
        proposed_in_window=pl.col("proposed") & pl.col("has_proposal") & sure
        & ask.window.holds(pl.col("proposed_on"), as_of),
        unproposed=pl.col("proposed").is_null() & pl.col("has_proposal") & ~pl.col("stateless") & sure,
        age=(pl.col("owners_today") - pl.col("created")).dt.total_days(),
        due=due.fill_null(value=False),
        won_in_period=is_won & goal.holds(pl.col("closed_day"), as_of),
        won_undated=is_won & pl.col("closed_day").is_null(),
        undated=pl.col("close_date").is_null(),
        standing_day=pl.when("is_open").then("close_date").otherwise("closed_day"),
    )  # fmt: skip


def concerned(deals: pl.DataFrame, _: Mapping[str, pl.DataFrame]) -> pl.DataFrame | None:
    """The deals about which anything is unknown."""
    days = {
        "standing_day": pl.col("standing_day").is_null() & pl.col("day_unknown"),
        "created": pl.col("created_unknown"),
        "proposed_on": pl.col("proposed_on").is_null() & pl.col("proposed"),
    }
    deals = deals.with_columns(**{unknown(day): mask for day, mask in days.items()})
    doubts = [name for name in deals.columns if name in DOUBTS or name.startswith(unknown(""))]
    unsure = [pl.col(name).is_null() for name in deals.columns if name.startswith(OWN)]
    return doubted(deals, *doubts, *unsure)


DEALS: Final = Population(
    rows, masked, concerned,
    {"as_of": "standing_day", "closed": "standing_day", "target period": "standing_day", "created": "created",
     "proposed": "proposed_on"},
)  # fmt: skip
