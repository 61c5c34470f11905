"""The rows of one population and window, and the parts of KPIs for any grouping of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.dictionary import TARGETED, TIME_DIMS
from kpis.members import GROUP, Members
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
    """Rows with the numbers that parts add up, and of the other columns only those that anything asks for.

    `deals`: the rows that have the dimensions which `rows` have not, by `key`.
    """

    def __init__(
        self, population: Population, rows: pl.DataFrame, kpis: Sequence[Kpi], by: Sequence[tuple[str, ...]],
        deals: pl.DataFrame | None = None,
    ) -> None:  # fmt: skip
        numbers = {column: number for kpi in kpis for column, number in kpi.sums.items()}
        asked = {name for kpi in kpis for name in kpi.reads}
        dims = dict.fromkeys(column for dims in by for column in dim_columns(dims) if column not in TIME_DIMS)
        asked |= {*population.clocks.values(), *(NAMED if TARGETED in asked else ())}
        keep = [name for name in rows.columns if name in asked]
        self.population, self.members, self.overall = population, Members(), pl.DataFrame()
        own = self.members.numbers(rows, [dim for dim in dims if dim in rows.columns])
        self.rows = rows.select(*keep, *own, **numbers)
        if deals is not None:
            theirs = self.members.numbers(deals, [dim for dim in dims if dim in {*deals.columns} - {*rows.columns}])
            found = rows.select("key").join(deals.select("key", *theirs), on="key", how="left", maintain_order="left")
            self.rows = self.rows.hstack(found.drop("key"))
        if population.order and any(kpi.ordered for kpi in kpis):
            self.rows = self.rows.with_columns(rows[population.order]).sort(population.order).drop(population.order)

    def query(self, kpis: Sequence[Kpi], dims: tuple[str, ...], goal: Goal, fiscal_year_starts: int) -> pl.LazyFrame:
        """The parts of some KPIs of one clock, a row for each group. Those of all rows are `keep` first."""
        columns = dim_columns(dims)
        sums = dict.fromkeys(column for kpi in kpis for column in kpi.sums)
        others = {column: part for kpi in kpis for column, part in kpi.others.items()}
        targeted = any(TARGETED in kpi.reads for kpi in kpis)
        if not (targeted and goal.rows.height) and self._same(columns, (*sums, *others)):
            return self.overall.lazy().with_columns(
                pl.lit(self.members.alike[column]).alias(column) for column in columns
            )
        rows = self.population.grouped(self.rows, dims, kpis[0].clock, fiscal_year_starts)
        if targeted:
            rows = rows.with_columns(goal.targeted(dims[0] if dims else None).alias(TARGETED))
        parts = [pl.col([*sums]).sum(), *(part.alias(name) for name, part in others.items())]
        return self._grouped(rows, columns, parts) if dims else rows.select(parts)

    def _same(self, columns: Sequence[str], parts: Sequence[str]) -> bool:
        """Whether all rows are one group, of which all parts are known."""
        alike = bool(columns) and self.members.alike.keys() >= {*columns} and not self.rows.is_empty()
        return alike and {*self.overall.columns} >= {*parts}

    def _grouped(self, rows: pl.LazyFrame, columns: Sequence[str], parts: Sequence[pl.Expr]) -> pl.LazyFrame:
        numbered = [column for column in columns if column not in TIME_DIMS]
        periods = [column for column in columns if column in TIME_DIMS]
        keys = [*([self.members.group(numbered)] if numbered else []), *periods]
        found = rows.group_by(keys).agg(parts)
        if numbered:
            found = found.with_columns(self.members.of(pl.col(GROUP), numbered)).drop(GROUP)
        return found.sort(columns, nulls_last=True)

    def keep(self, found: pl.DataFrame) -> None:
        """Remember the parts of all rows."""
        self.overall = found.with_columns(self.overall.get_columns())


def collected(queries: Sequence[pl.LazyFrame]) -> list[pl.DataFrame]:
    """The answers of queries that share nothing."""
    return pl.collect_all(queries, engine="in-memory", optimizations=PLAIN)
