"""Touches by rep, and the days on which each rep was there to make them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.populations.population import Ask, Population, Source
from model.snapshot import columns

if TYPE_CHECKING:
    from collections.abc import Mapping

TOUCHES: Final = columns({
    "key": pl.Int64, "on": pl.Date, "kind": pl.String, "owner": pl.String, "team": pl.String,
})  # fmt: skip
"""A row a touch: `on` is the local day of its owner, `owner` is null where nobody knows who made it; `key` is 0."""
DIMS: Final = ("owner", "team")
CLOCK: Final = "touched"


def rows(source: Source) -> pl.DataFrame:
    """The touches of the connection, which only its first slice has."""
    return pl.DataFrame(schema=TOUCHES) if source.touches is None else source.touches.select(TOUCHES.names())


def masked(touches: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    """The touches of the window, and a row for each rep and month of it with its `days`.

    Reps are the owners of a deal that is open at as_of or of a touch in the window. Where the first touch known is
    later than the window's first day, days count from then. `begun`: that day, else null; `ownerless` touches.
    """
    first, last = ask.window.days(ask.today)
    earliest: date = touches["on"].min() or last  # type: ignore[assignment]
    begins = max(first or earliest, earliest)
    made = touches.filter(pl.col("on").is_between(begins, last))
    months = pl.DataFrame(_months(begins, last), schema={"on": pl.Date, "days": pl.Int64}, orient="row")
    there = _reps(made, ask).join(months, how="cross")
    late = begins if first and begins > first else None
    known = pl.concat([made.filter(pl.col("owner").is_not_null()), there], how="diagonal")
    ownerless = made["owner"].null_count()
    read = pl.lit(value=not touches.is_empty())
    return known.with_columns(begun=pl.lit(late, pl.Date), ownerless=pl.lit(ownerless), read=read)


def _reps(made: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    """Owner and team of each rep."""
    owners = [made.select(DIMS)]
    if set(DIMS) <= set(ask.frames["deals"].columns):
        owners.append(
            ask.frames["deals"].filter(pl.col("is_open").fill_null(value=False) & ~pl.col("scopeless")).select(DIMS)
        )
    return pl.concat(owners).drop_nulls("owner").group_by("owner", maintain_order=True).first()


def _months(first: date, last: date) -> list[tuple[date, int]]:
    """Of each month from one day to another: its first day in between, and how many of its days are."""
    found, day = [], first
    while day <= last:
        end = min((day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1), last)
        found.append((day, (end - day).days + 1))
        day = end + timedelta(days=1)
    return found


def concerned(_: pl.DataFrame, __: Mapping[str, pl.DataFrame]) -> None:
    """No deal is left out; touches without an owner are counted by the KPIs themselves."""
    return


ACTIVITIES: Final = Population(rows, masked, concerned, {CLOCK: "on"})
