"""The rows of a connection, population by population, slice after slice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.dictionary import BLANKED, UNSCOPED
from kpis.populations.activities import ACTIVITIES
from kpis.populations.date_moves import DATE_MOVED
from kpis.populations.deals import DEALS
from kpis.populations.leads import LEAD_ROWS
from kpis.populations.reps import REPS
from kpis.populations.visits import VISITS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from kpis.populations.population import Population, Source

POPULATIONS: Final[Mapping[str, Population]] = {
    "deals": DEALS, "visits": VISITS, "date_moves": DATE_MOVED, "reps": REPS, "activities": ACTIVITIES,
    "leads": LEAD_ROWS,
}  # fmt: skip

OF_DEALS: Final = ("deals", "visits", "date_moves")
"""The populations that are made of deals."""


@dataclass(frozen=True)
class KpiRows:
    """All rows that KPIs count. `today`: the day of as_of. `facts`: those that the connection knows.

    `aside`: by UNSCOPED and BLANKED, the rows of such deals as if they were in the scope, where there are any.
    `rate_date`: the newest day of the rates that converted amounts; None where none was converted.
    """

    as_of: datetime
    today: date
    facts: frozenset[str]
    frames: Mapping[str, pl.DataFrame]
    aside: Mapping[str, Mapping[str, pl.DataFrame]] = field(default_factory=dict)
    rate_date: date | None = None

    def without(self, keys: Collection[int]) -> KpiRows:
        """The rows of all other deals."""
        others = ~pl.col("key").is_in(list(keys))
        aside = {mark: _filtered(frames, others) for mark, frames in self.aside.items()}
        return replace(self, frames=_filtered(self.frames, others), aside=aside)


def _filtered(frames: Mapping[str, pl.DataFrame], rows: pl.Expr) -> dict[str, pl.DataFrame]:
    return {name: frame.filter(rows) for name, frame in frames.items()}


def rows_of(sources: Iterable[Source]) -> KpiRows:
    """The rows of all slices of a connection. Raises ValueError without a slice."""
    parts = [_rows(source) for source in sources]
    dated = [part.rate_date for part in parts if part.rate_date]
    marks = dict.fromkeys(mark for part in parts for mark in part.aside)
    aside = {mark: _together([part.aside[mark] for part in parts if mark in part.aside]) for mark in marks}
    today, frames = max(part.today for part in parts), _together([part.frames for part in parts])
    return replace(parts[0], today=today, frames=frames, aside=aside, rate_date=max(dated, default=None))


def _together(slices: Sequence[Mapping[str, pl.DataFrame]]) -> dict[str, pl.DataFrame]:
    return {name: pl.concat((frames[name] for frames in slices), how="vertical_relaxed") for name in slices[0]}


def _rows(source: Source) -> KpiRows:
    wide = source.wide
    days: list[date] = wide.frame["as_of_date"].unique().to_list()
    frames = {name: population.rows(source) for name, population in POPULATIONS.items()}
    rated: date | None = wide.frame["_rate_on"].max() if "_rate_on" in wide.frame.columns else None  # type: ignore[assignment]
    facts = frozenset(wide.frame.columns) - wide.dormant
    today = source.today or max(days, default=wide.as_of.date())
    return KpiRows(wide.as_of, today, facts, frames, dict(_aside(source)), rated)


def _aside(source: Source) -> Iterator[tuple[str, dict[str, pl.DataFrame]]]:
    masks = {UNSCOPED: None if source.scope is None else source.scope.is_null(), BLANKED: source.blanked}
    for mark, mask in masks.items():
        frame = source.wide.frame.clear() if mask is None else source.wide.frame.filter(mask)
        if frame.height:
            moves = source.wide.moves.join(frame.select("key"), on="key", how="semi", maintain_order="left")
            wide = replace(source.wide, frame=frame, moves=moves)
            alone = replace(source, wide=wide, scope=None, blanked=None)
            yield mark, {name: POPULATIONS[name].rows(alone) for name in OF_DEALS}
