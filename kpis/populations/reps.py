"""One row a rep with a target of the period: what they won against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.populations.deals import DEALS
from kpis.populations.population import Ask, Population, Source

if TYPE_CHECKING:
    from collections.abc import Mapping


def rows(_: Source) -> pl.DataFrame:
    """No rows: reps come with the targets."""
    return pl.DataFrame(schema={"key": pl.Int64})


def masked(_: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    """owner, team, and whether the rep has reached the target; null where unknown facts may decide it."""
    reps = ask.goal.reps()
    if reps.is_empty():
        return reps.with_columns(reached=pl.lit(None, pl.Boolean))
    inside, is_won = ask.goal.holds(pl.col("closed_day"), pl.col("as_of")), pl.col("is_won").fill_null(value=False)
    won = is_won & inside & ~pl.col("scopeless")
    unclear = (won & pl.col("value").is_null()) | pl.col("stateless") | (is_won & pl.col("scopeless"))
    by_owner = ask.frames["deals"].group_by("owner").agg(won=pl.col("value").filter(won).sum(), unclear=unclear.any())
    reps = reps.join(by_owner, on="owner", how="left")
    reached = pl.col("won").fill_null(0) >= pl.col("amount")
    return reps.with_columns(reached=pl.when(reached | ~pl.col("unclear").fill_null(value=False)).then(reached))


def concerned(_: pl.DataFrame, masked: Mapping[str, pl.DataFrame]) -> pl.DataFrame | None:
    """The deals about which anything is unknown."""
    return DEALS.concerned(masked["deals"], masked)


REPS: Final = Population(rows, masked, concerned)
