"""What a KPI is: its dictionary entry, the aggregates it asks for, and the function that makes its value."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kpis.answers import Answer, Parts

DEAL_DIMS: Final = ("owner", "team", "segment", "pipeline", "process", "region", "source", "product")
TIME_DIMS: Final = ("month", "quarter", "year", "fiscal_quarter", "fiscal_year")
STAGE: Final = "stage"
"""Groups by process and stage together, because a stage belongs to its process."""
STANDARD_DIMS: Final = (*DEAL_DIMS, STAGE, "month", "quarter")
"""Dimensions of every run's values. `--by` also takes the other periods and any fact of type choice or yes/no."""


@dataclass(frozen=True)
class Kpi:
    """A dictionary entry (S88).

    `needs`: facts without which it has no value. `population`: the rows it counts (kpis/populations). `parts`:
    aggregates over those rows, by name; `answer` makes the value of them. `clock`: the day by which the window and the
    time dimensions go. `counted`: the deals that it counts; `leaves_out`: by what they lack, those that it would count
    if that were known. `staged`: whether it has groups by stage, or has a value only by stage. `timed`: whether it has
    groups by period. `overall`: whether it has a value of all deals. `only_by`: the dimensions that make sense, where
    not all do. `also`: words people use for it, and for others: none is its name. `interval`: how its 95 % interval is
    made. `made_of`: the KPIs that a derived one is calculated from; `combine` makes its value of theirs, by id.
    """

    id: str
    title: str
    purpose: str
    formula: str
    numerator: str
    denominator: str
    window: str
    unit: str
    leads: Literal["leading", "lagging"]
    category: Literal["activity", "leading", "outcome", "efficiency", "quality"]
    source: str
    clock: str
    parts: Mapping[str, pl.Expr]
    needs: tuple[str, ...]
    answer: Callable[[Parts], Answer] = field(repr=False)
    population: str = "deals"
    counted: pl.Expr = field(default_factory=lambda: pl.col("counted"))
    leaves_out: Mapping[str, pl.Expr] = field(default_factory=dict)
    interval: str = "none"
    currency: str = "none: no money in it"
    owner: str = "RevOps"
    cadence: str = "daily"
    staged: Literal["no", "also", "only"] = "no"
    timed: bool = True
    overall: bool = True
    only_by: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    made_of: tuple[Kpi, ...] = ()
    combine: Callable[[Mapping[str, Answer]], Answer] | None = field(default=None, repr=False)

    @cached_property
    def columns(self) -> Mapping[str, str]:
        """By part, the column that holds it: parts of different KPIs that are the same expression share one."""
        return {name: sha256(part.meta.serialize()).hexdigest() for name, part in self.parts.items()}

    def takes(self, dims: tuple[str, ...]) -> bool:
        """Whether the KPI has a value for all deals (no dimension), or groups by these one or two dimensions."""
        if (self.only_by and not set(dims) <= set(self.only_by)) or not (dims or self.overall):
            return False
        if STAGE in dims:
            return self.staged != "no"
        return self.staged != "only" and (self.timed or not set(dims) & set(TIME_DIMS))
