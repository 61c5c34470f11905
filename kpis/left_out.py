"""What a KPI leaves out because a fact is unknown: deals of unknown scope, state or stage, and of an unknown group."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.answers import Answer, left_out, noted
from kpis.populations.population import dim_columns, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kpis.dictionary import Kpi

Group = tuple[str | None, ...]
SCOPELESS: Final = "of unknown scope"
EVERY: Final[Mapping[str, pl.Expr]] = {SCOPELESS: pl.col("scopeless")}
"""What every KPI leaves out."""


@dataclass(frozen=True)
class LeftOut:
    """By KPI and group: how many deals are left out, by what they lack. `nowhere`: those of unknown group, by KPI."""

    dims: tuple[str, ...]
    counts: Mapping[Group, Mapping[str, int]]
    nowhere: Mapping[str, int]

    def noted(self, kpi: Kpi, group: Group, answer: Answer) -> Answer:
        """The answer and what it leaves out. Without a known deal there is no value, and what is left out says why."""
        row = self.counts.get(group, {})
        notes = [left_out(row.get(f"{kpi.id}.{lacking}", 0), "deal", lacking) for lacking in _lacks(kpi)]
        gone = any(notes)
        if nowhere := self.nowhere.get(kpi.id, 0):
            among = left_out(nowhere, "deal", f"of unknown {' or '.join(self.dims)}")
            notes.append(among if None not in group else among.removesuffix("left out") + "among them")
            gone = gone or None in group
        why = noted(answer.why, *notes)
        if gone and not answer.n:
            return Answer(None, None, answer.denominator if answer.numerator is None else None, 0, why)
        return replace(answer, why=why)


def _lacks(kpi: Kpi) -> Mapping[str, pl.Expr]:
    return {**EVERY, **kpi.leaves_out}


def left_out_of(kpis: Sequence[Kpi], deals: pl.DataFrame | None, dims: tuple[str, ...]) -> LeftOut:
    """What each KPI leaves out, group by group. `deals`: a row a deal, with the columns that `leaves_out` asks for."""
    if deals is None:
        return LeftOut(dims, {}, {})
    sums = [
        expr.fill_null(value=False).sum().alias(f"{kpi.id}.{lacking}")
        for kpi in kpis for lacking, expr in _lacks(kpi).items()
    ]  # fmt: skip
    if not dims or not sums:
        return LeftOut(dims, {(): deals.select(sums).row(0, named=True) if sums else {}}, {})
    unsure = pl.any_horizontal(unknown(dim) for dim in dims)
    columns = dim_columns(dims)
    table = deals.filter(~unsure).group_by(columns).agg(sums)
    counts: dict[Group, dict[str, Any]] = {tuple(row[c] for c in columns): row for row in table.iter_rows(named=True)}
    nowhere = deals.filter(unsure).select(_concerned(kpi).sum().alias(kpi.id) for kpi in kpis).row(0, named=True)
    return LeftOut(dims, counts, nowhere)


def _concerned(kpi: Kpi) -> pl.Expr:
    """Deals that the KPI counts or leaves out."""
    return pl.any_horizontal(kpi.counted, *_lacks(kpi).values()).fill_null(value=False)
