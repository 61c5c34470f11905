"""The rows of one population and window, and the parts of KPIs for any grouping of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.dictionary import TARGETED
from kpis.populations.population import dim_columns
from kpis.targets import NAMED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpis.dictionary import Kpi
    from kpis.populations.population import Population
    from kpis.targets import Goal

PLAIN: Final = pl.QueryOptFlags.none()
"""The queries are as short as they can be, and a run of few deals asks many of them."""


class Tallies:
    """Rows with the numbers that parts add up, and of the other columns only those that anything asks for."""

    def __init__(
        self, population: Population, rows: pl.DataFrame, kpis: Sequence[Kpi], by: Sequence[tuple[str, ...]]
    ) -> None:
        numbers = {column: number for kpi in kpis for column, number in kpi.sums.items()}
        asked = {name for kpi in kpis for name in kpi.reads}
        dims = {column for dims in by for column in dim_columns(dims)}
        asked |= {*dims, *population.clocks.values(), *(NAMED if TARGETED in asked else ())}
        keep = [name for name in rows.columns if name in asked]
        self.population, self.rows = population, rows.with_columns(**numbers).select(*keep, *numbers)
        self.alike = _alike(self.rows, [name for name in keep if name in dims])
        self.overall: dict[str, Any] = {}

    def table(
        self, kpis: Sequence[Kpi], dims: tuple[str, ...], goal: Goal, fiscal_year_starts: int
    ) -> list[dict[str, Any]]:
        """The parts of some KPIs of one clock, a row for each group. Those of all rows are asked for first."""
        if dims and self.rows.is_empty():
            return []
        columns = dim_columns(dims)
        sums = dict.fromkeys(column for kpi in kpis for column in kpi.sums)
        others = {column: part for kpi in kpis for column, part in kpi.others.items()}
        targeted = any(TARGETED in kpi.reads for kpi in kpis)
        known = self.overall.keys() >= {*sums, *others} and not (targeted and goal.rows.height)
        if dims and known and self.alike.keys() >= set(columns):
            return [self.overall | {column: self.alike[column] for column in columns}]
        rows = self.population.grouped(self.rows, dims, kpis[0].clock, fiscal_year_starts)
        if targeted:
            rows = rows.with_columns(goal.targeted(dims[0] if dims else None).alias(TARGETED))
        found = _queried(rows, columns, [pl.col([*sums]).sum(), *(part.alias(name) for name, part in others.items())])
        if not dims:
            self.overall |= found[0]
        return found


def _alike(rows: pl.DataFrame, columns: Sequence[str]) -> dict[str, Any]:
    """The columns that have the same value in all rows, with that value."""
    if rows.is_empty() or not columns:
        return {}
    counts = rows.select(pl.col(columns).n_unique()).row(0, named=True)
    return {column: rows[column][0] for column in columns if counts[column] == 1}


def _queried(rows: pl.LazyFrame, columns: Sequence[str], parts: Sequence[pl.Expr]) -> list[dict[str, Any]]:
    query = rows.group_by(columns).agg(parts).sort(columns, nulls_last=True) if columns else rows.select(parts)
    return query.collect(engine="in-memory", optimizations=PLAIN).rows(named=True)
