"""What is asked of a connection's KPIs: windows, groups, targets, spend and what values are compared with."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from kpis.answers import noted
from kpis.benchmarks import Benchmark, bands
from kpis.catalogue import SHIPPED
from kpis.dictionary import TIME_DIMS
from kpis.left_out import NO_NOTES, ScopeNotes
from kpis.populations.population import dim_columns
from kpis.values import MONEY_UNITS
from kpis.window import ALL, DEFAULT_PER_DAY, Window

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import polars as pl

    from kpis.benchmarks import Bands
    from kpis.dictionary import Kpi

PER_DAY: Final = ("money/day", "per rep and week")
"""Units of rates over time."""
ENOUGH: Final = 30
"""A value that rests on fewer is marked `few`."""


@dataclass(frozen=True)
class Question:
    """What is asked of a connection's KPIs.

    `by`: each entry is one or two dimensions to group by. `window` None: `all`, and the last 365 days for rates per
    day. `targets` has the columns of `kpis.targets.TARGETS`, `spend` those of `kpis.spend.SPEND`. `currency` is the
    home currency, which names the unit; `note` is what each value in money has to say about its amounts. `benchmarks`:
    the bands to compare values with. `scope`: what is to be said where the scope leaves deals out. `named`: a person
    named the dimensions, so each KPI says by which of them it is not given (`not_by`).
    """

    by: Sequence[tuple[str, ...]] = ()
    window: Window | None = None
    targets: pl.DataFrame | None = None
    spend: pl.DataFrame | None = None
    currency: str | None = None
    note: str = ""
    fiscal_year_starts: int = 1
    enough: int = ENOUGH
    benchmarks: Sequence[Benchmark] = ()
    scope: ScopeNotes = NO_NOTES
    named: bool = False
    kpis: Mapping[str, Kpi] = field(default_factory=lambda: SHIPPED)

    @cached_property
    def bands(self) -> Bands:
        """The benchmarks as values look them up."""
        return bands(self.benchmarks)

    def window_of(self, kpi: Kpi) -> Window:
        """The window in which a KPI is measured."""
        usual = Window(DEFAULT_PER_DAY, self.fiscal_year_starts) if kpi.unit in PER_DAY else ALL
        return self.window or usual

    def unit_of(self, kpi: Kpi) -> str:
        """The unit as values name it: money by its currency."""
        return kpi.unit.replace("money", self.currency or "home currency") if kpi.unit in MONEY_UNITS else kpi.unit

    def not_by(self, kpi: Kpi, facts: Collection[str]) -> list[dict[str, Any]]:
        """By which dimensions that a person named there are no groups of the KPI, and why. `facts`: those known."""
        found = []
        for dims in self.by if self.named else ():
            lacking = [dim for dim in dim_columns(dims) if dim not in TIME_DIMS and dim not in facts]
            why = f"nothing is mapped for {', '.join(lacking)}" if lacking else ""
            if not kpi.takes(dims):
                why = noted(why, f"{kpi.id} is not given by {' and '.join(dims)}; it is given by {kpi.by}")
            if why:
                found.append({"by": list(dims), "why": why})
        return found
