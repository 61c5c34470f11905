"""The rows of a connection, population by population, slice after slice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.populations.activities import ACTIVITIES
from kpis.populations.date_moves import DATE_MOVED
from kpis.populations.deals import DEALS
from kpis.populations.leads import LEAD_ROWS
from kpis.populations.reps import REPS
from kpis.populations.visits import VISITS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date, datetime

    from kpis.populations.population import Population, Source

POPULATIONS: Final[Mapping[str, Population]] = {
    "deals": DEALS, "visits": VISITS, "date_moves": DATE_MOVED, "reps": REPS, "activities": ACTIVITIES,
    "leads": LEAD_ROWS,
}  # fmt: skip


@dataclass(frozen=True)
class KpiRows:
    """All rows that KPIs count. `today`: the day of as_of. `facts`: those that the connection knows.

    `rate_date`: the newest day of the rates that converted amounts; None where none was converted.
    """

    as_of: datetime
    today: date
    facts: frozenset[str]
    frames: Mapping[str, pl.DataFrame]
    rate_date: date | None = None

    def without(self, keys: Collection[int]) -> KpiRows:
        """The rows of all other deals."""
        others = ~pl.col("key").is_in(list(keys))
        return replace(self, frames={name: frame.filter(others) for name, frame in self.frames.items()})


def rows_of(sources: Iterable[Source]) -> KpiRows:
    """The rows of all slices of a connection. Raises ValueError without a slice."""
    parts = [_rows(source) for source in sources]
    frames = {name: one.together(part.frames[name] for part in parts) for name, one in POPULATIONS.items()}
    dated = [part.rate_date for part in parts if part.rate_date]
    return replace(parts[0], today=max(part.today for part in parts), frames=frames, rate_date=max(dated, default=None))


def _rows(source: Source) -> KpiRows:
    wide = source.wide
    days: list[date] = wide.frame["as_of_date"].unique().to_list()
    frames = {name: population.rows(source) for name, population in POPULATIONS.items()}
    rated: date | None = wide.frame["_rate_on"].max() if "_rate_on" in wide.frame.columns else None  # type: ignore[assignment]
    facts = frozenset(wide.frame.columns) - wide.dormant
    return KpiRows(wide.as_of, source.today or max(days, default=wide.as_of.date()), facts, frames, rated)
