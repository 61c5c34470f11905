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
"""Dimensions of every run's values. `--by` also takes the other periods and any fact that is a choice or yes/no."""
TARGET_PERIOD: Final = "target period"
"""The clock of KPIs that compare with targets."""
TARGETED: Final = "targeted"
"""Whether a deal is of those who have a target: a column of deals that differs by what they are grouped by."""
SCOPELESS: Final = "of unknown scope"
"""What every KPI leaves out."""
STAGED: Final = "staged"
"""A column of doubtful deals: the row counts only by stage (true), only otherwise (false), or always (null)."""
UNSCOPED, BLANKED = "unscoped", "blanked"
"""Columns of deals that would count if they were in the scope: nobody knows, or a `!=` leaves them out as blank."""


@dataclass(frozen=True)
class Kpi:
    """A dictionary entry (S88).

    `needs`: facts without which it has no value. `population`: the rows it counts (kpis/populations). `parts`:
    aggregates over those rows, by name; `answer` makes the value of them. A part that ends in `sum()` adds up one
    number a row, which is worked out once for all groupings. `clock`: the day by which the window and the
    time dimensions go. `counted`: the deals that it counts; `leaves_out`: by what they lack, those that it would count
    if that were known. `staged`: whether it has groups by stage, or has a value only by stage. `timed`: whether it has
    groups by period. `overall`: whether it has a value of all deals. `ordered`: whether its parts take the rows in the
    order of their population. `only_by`: the dimensions that make sense, where not all do. `also`: words people use for
    it, and for others: none is its name. `interval`: how its 95 % interval is made. `made_of`: the KPIs that a derived
    one is calculated from; `combine` makes its value of theirs, by id.
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
    ordered: bool = False
    only_by: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    made_of: tuple[Kpi, ...] = ()
    combine: Callable[[Mapping[str, Answer]], Answer] | None = field(default=None, repr=False)

    @cached_property
    def columns(self) -> Mapping[str, str]:
        """By part, the column that holds it: parts of different KPIs that are the same expression share one."""
        return {name: _column(part) for name, part in self.parts.items()}

    @cached_property
    def sums(self) -> Mapping[str, pl.Expr]:
        """By column of a part that is a sum: the number of each row that it adds up."""
        found = {self.columns[name]: _summed(part) for name, part in self.parts.items()}
        return {column: number for column, number in found.items() if number is not None}

    @cached_property
    def others(self) -> Mapping[str, pl.Expr]:
        """By column, the parts that are other aggregates."""
        return {self.columns[name]: part for name, part in self.parts.items() if self.columns[name] not in self.sums}

    @cached_property
    def reads(self) -> frozenset[str]:
        """The columns that the other aggregates name."""
        return frozenset(name for part in self.others.values() for name in part.meta.root_names())

    @cached_property
    def names(self) -> frozenset[str]:
        """The columns that all parts name."""
        return self.reads.union(*(number.meta.root_names() for number in self.sums.values()))

    @cached_property
    def lacks(self) -> Mapping[str, pl.Expr]:
        """The deals that it leaves out, by what they lack."""
        here = ~pl.col(UNSCOPED) & ~pl.col(BLANKED)
        return {
            SCOPELESS: pl.col(UNSCOPED) & self.could,
            **{lack: deals & here for lack, deals in self.leaves_out.items()},
        }

    @cached_property
    def could(self) -> pl.Expr:
        """The deals that it counts, or would count if more was known of them."""
        return pl.any_horizontal(self.counted, *self.leaves_out.values())

    @cached_property
    def lacking(self) -> Mapping[str, str]:
        """By what deals lack, the column that marks them."""
        return {lack: _column(deals) for lack, deals in self.lacks.items()}

    def takes(self, dims: tuple[str, ...]) -> bool:
        """Whether the KPI has a value for all deals (no dimension), or groups by these one or two dimensions."""
        if self.made_of:
            return all(part.takes(dims) for part in self.made_of)
        if (self.only_by and not set(dims) <= set(self.only_by)) or not (dims or self.overall):
            return False
        if STAGE in dims:
            return self.staged != "no"
        return self.staged != "only" and (self.timed or not set(dims) & set(TIME_DIMS))

    @cached_property
    def by(self) -> str:
        """The dimensions that it can be given by, in words."""
        if self.made_of:
            return " and ".join(f"what {part.id} is given by ({part.by})" for part in self.made_of)
        stage = {"no": "", "also": ", stage", "only": ""}[self.staged]
        plain = ", ".join(self.only_by) or f"any fact that is a choice or yes/no, {', '.join(DEAL_DIMS)}{stage}"
        periods = f", {', '.join(TIME_DIMS)}" if self.timed and not self.only_by else ""
        return f"stage alone, or stage and one of: {plain}{periods}" if self.staged == "only" else plain + periods


def _column(expr: pl.Expr) -> str:
    """A name that is the same for the same expression."""
    return sha256(expr.meta.serialize()).hexdigest()


def _summed(part: pl.Expr) -> pl.Expr | None:
    """What a part adds up; None if it is no sum, or if it adds up what differs by the grouping."""
    inner = part.meta.pop()
    sums = len(inner) == 1 and part.meta.eq(inner[0].sum()) and TARGETED not in part.meta.root_names()
    return inner[0] if sums else None
