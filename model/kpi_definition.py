"""A KPI as its file defines it: plain values, with conditions and numbers that are compiled elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal
    from fractions import Fraction

    import polars as pl

    from model.process import Condition
    from model.wide import Wide

Agg: TypeAlias = Literal["count", "sum", "average", "median"]
KpiWindow: TypeAlias = Literal["closed", "created", "as_of"]
"""The day of a deal by which the window and the periods go; as_of: none, the deals as they stand."""
DAYS_TO_CLOSE: Final = "days_to_close"
"""A number that only KPIs can measure: days from creation to closing, blank for deals that were created closed."""


class Formula(Protocol):
    """A number made of facts of a deal, or of other KPIs."""

    @property
    def text(self) -> str:
        """The formula as it was written."""

    @property
    def facts(self) -> frozenset[str]:
        """Names of the facts, or of the KPIs, that it is made of."""

    def polars(self, wide: Wide) -> pl.Expr:
        """The number over `wide.frame`; null where a fact is blank or unknown."""

    def of(self, values: Mapping[str, Fraction]) -> Fraction | None:
        """The number for these values; None where it would divide by zero."""


@dataclass(frozen=True)
class KpiMeasure:
    """An aggregate over deals. `expr` is None for a count; `filter` None: all deals of the KPI."""

    agg: Agg
    expr: Formula | None = None
    filter: Condition | None = None


@dataclass(frozen=True)
class KpiExample:
    """Deals (facts by name, and the names that are unknown) and the value that the KPI has of them."""

    rows: tuple[tuple[Mapping[str, object], frozenset[str]], ...]
    value: Decimal | None
    as_of: date
    file: str = ""
    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class KpiDefinition:
    """One entry under `kpis` of a file.

    `sides`: the measure of a simple KPI, or numerator and denominator of a ratio. `nested`: every deal of the numerator
    is surely in the denominator. `expr`: of a derived KPI, over other KPIs.
    """

    name: str
    label: str
    description: str
    type: Literal["simple", "ratio", "derived"]
    sides: Mapping[str, KpiMeasure]
    filter: Condition | None
    window: KpiWindow
    unit: str
    owner: str
    leads: Literal["leading", "lagging"]
    category: Literal["activity", "leading", "outcome", "efficiency", "quality"]
    expr: Formula | None = None
    nested: bool = False
    benchmark: str = ""
    examples: tuple[KpiExample, ...] = ()
    file: str = ""
    line: int = 0
    column: int = 0
