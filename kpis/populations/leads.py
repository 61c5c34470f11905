"""One row a lead: when it was created, whether it was converted, and how long the first touch took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.populations.population import Ask, Population, Source, known_value
from model.snapshot import columns

if TYPE_CHECKING:
    from collections.abc import Mapping

DIMS: Final = ("owner", "team", "segment", "region", "source")
LEADS: Final = columns({
    "key": pl.Int64, "as_of": pl.Date, "created": pl.Date, "is_converted": pl.Boolean, "touched": pl.Boolean,
    "response_hours": pl.Float64, "hours_waiting": pl.Float64, **dict.fromkeys(DIMS, pl.String),
})  # fmt: skip
CLOCK: Final = "lead created"


def rows(source: Source) -> pl.DataFrame:
    """The leads of the connection, which only its first slice has. Keys are negative, because deals have the others."""
    if source.leads is None:
        return pl.DataFrame(schema=LEADS)
    facts = {name: known_value(source.leads, name).cast(kind) for name, kind in LEADS.items()}
    today = pl.col("as_of_date") if source.today is None else pl.lit(source.today)
    facts |= {"key": -pl.col("key"), "as_of": today}
    return source.leads.frame.select(**facts)


def masked(leads: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    """`leads` with came (created in the window) and undated (nobody knows when)."""
    came = ask.window.holds(pl.col("created"), pl.col("as_of"))
    return leads.with_columns(came=came, undated=pl.col("created").is_null() & ~came)


def concerned(_: pl.DataFrame, __: Mapping[str, pl.DataFrame]) -> None:
    """No deal is left out; leads of which something is unknown are counted by the KPIs themselves."""
    return


LEAD_ROWS: Final = Population(rows, masked, concerned, {CLOCK: "created"})
