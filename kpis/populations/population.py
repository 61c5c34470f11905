"""What a population is, what its rows are made of, and what is asked of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.dictionary import DEAL_DIMS, STAGE, TIME_DIMS
from kpis.periods import label
from kpis.window import ALL
from model.facts import KNOWN
from model.snapshot import MONEY
from model.widening.effective_moves import lasting

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import date

    from kpis.targets import Goal
    from kpis.window import Window
    from model.process import Process
    from model.wide import Wide

PROCESS: Final = "process"
OWN: Final = "own:"
"""Starts the names of the masks that KPIs of users ask for; a mask is null where nobody knows."""
TYPES: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    "is_open": pl.Boolean, "is_won": pl.Boolean, "is_lost": pl.Boolean, "amount_home": MONEY,
    "probability": pl.Float64, "created": pl.Date, "closed_on": pl.Date, "close_date": pl.Date,
    "stage_since": pl.Date,
}  # fmt: skip
"""Types of facts that a frame may lack; any other is a text."""


@dataclass(frozen=True)
class Source:
    """What the rows of one slice of deals are made from.

    `dims`: facts by which groups are asked for. `scope`: over `wide.frame`, true for the deals that count, null where
    nobody knows. `blanked`: deals that the scope leaves out because a value is blank.
    `count_imported`: deals that were created closed count as if they had been worked here.
    `extra`: further columns of deals, over `wide.frame`.
    `date_moves`: DATE_MOVES of model/widening/date_moves.py; None where the close date has no history.
    `touches`: TOUCHES of kpis/populations/activities.py, of the whole connection; only one slice has them.
    `leads`: the leads of the whole connection, as `touches`.
    `today`: the day of as_of by which windows are counted, in the connection's zone; None: that of each deal's owner.
    """

    wide: Wide
    processes: Sequence[Process] = ()
    dims: tuple[str, ...] = DEAL_DIMS
    scope: pl.Expr | None = None
    blanked: pl.Expr | None = None
    count_imported: bool = False
    extra: Mapping[str, pl.Expr] = field(default_factory=dict)
    date_moves: pl.DataFrame | None = None
    touches: pl.DataFrame | None = None
    today: date | None = None
    leads: Wide | None = None

    @cached_property
    def moves(self) -> pl.DataFrame:
        """The moves of `wide` that last, sorted by key and time."""
        return lasting(self.wide.moves)

    def rows(self, columns: Iterable[str], **more: pl.Expr) -> pl.LazyFrame:
        """The deals in scope with the known values of these facts and of the dimensions, and masks of the latter.

        A deal of unknown scope stays as a row with `scopeless` true. `more`: further columns, over `wide.frame`.
        """
        wanted = dict.fromkeys((*self.dims, "owner", PROCESS, STAGE, *columns))
        scope = pl.lit(value=True) if self.scope is None else self.scope
        frame = self.wide.frame.lazy().with_columns(_scope=scope).filter(pl.col("_scope").fill_null(value=True))
        return frame.select(
            "key", as_of=pl.lit(self.today) if self.today else "as_of_date", scopeless=pl.col("_scope").is_null(),
            owners_today="as_of_date",
            **{name: known_value(self.wide, name) for name in wanted},
            **{unknown(dim): is_unknown(self.wide, dim) for dim in dict.fromkeys((*self.dims, STAGE))},
            **more,
        )  # fmt: skip


@dataclass(frozen=True)
class Ask:
    """What is asked of the rows: the window, as seen from `today`, and the targets of a period.

    `frames`: the rows of every population, for one that needs those of another. `wanted`: the columns that parts name.
    """

    today: date
    goal: Goal
    window: Window = ALL
    frames: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    wanted: Collection[str] = ()


@dataclass(frozen=True)
class Population:
    """One kind of rows. `rows` makes them from a slice, with the days of `clocks`.

    `masked` adds the columns that the parts of KPIs name, for one window. `concerned` gives a row a deal, with the
    columns that `leaves_out` and `counted` name and a mask of each day, for deals about which anything is unknown;
    None where there are none. `clocks`: by the name of a clock, the column with the day. `order`: the column by
    which rows are sorted for KPIs that are `ordered`. `of`: the population that has the other dimensions, by `key`.
    """

    rows: Callable[[Source], pl.DataFrame]
    masked: Callable[[pl.DataFrame, Ask], pl.DataFrame]
    concerned: Callable[[pl.DataFrame, Mapping[str, pl.DataFrame]], pl.DataFrame | None]
    clocks: Mapping[str, str] = field(default_factory=dict)
    order: str = ""
    of: str = ""

    def grouped(self, rows: pl.DataFrame, dims: Sequence[str], clock: str, fiscal_year_starts: int) -> pl.LazyFrame:
        """The rows with a column for each dimension; periods are those of the clock's day.

        Where the rows have a mask of that day, it is the mask of the periods, too.
        """
        periods = [dim for dim in dims if dim in TIME_DIMS]
        if not periods:
            return rows.lazy()
        day = self.clocks[clock]
        labels = [label(dim, pl.col(day), fiscal_year_starts) for dim in periods]
        masks = [pl.col(unknown(day)).alias(unknown(dim)) for dim in periods if unknown(day) in rows.columns]
        return rows.lazy().with_columns(*labels, *masks)


def dim_columns(dims: Sequence[str]) -> list[str]:
    """The columns that dimensions group by: a stage goes with its process."""
    columns = [column for dim in dims for column in ((PROCESS, STAGE) if dim == STAGE else (dim,))]
    return list(dict.fromkeys(columns))


def known_value(wide: Wide, fact: str) -> pl.Expr:
    """The fact where it is known; null where it is blank, unknown or not in the frame."""
    if fact not in wide.frame.columns:
        return pl.lit(None, TYPES.get(fact, pl.String)).alias(fact)
    return pl.when(fact + KNOWN).then(fact).alias(fact) if fact in wide.masked else pl.col(fact)


def unknown(dim: str) -> str:
    """The column that is true for deals of which nobody knows the group of a dimension."""
    return f"unknown_{dim}"


def member(mask: str) -> str:
    """The dimension of a column of `unknown`."""
    return mask.removeprefix(unknown(""))


def is_unknown(wide: Wide, *facts: str) -> pl.Expr:
    """Whether one of the facts is unknown; a blank and a dormant one is not."""
    masks = [~pl.col(fact + KNOWN) for fact in facts if fact in wide.masked and fact not in wide.dormant]
    return pl.any_horizontal(masks) if masks else pl.lit(value=False)


def doubted(rows: pl.DataFrame, *doubts: str | pl.Expr) -> pl.DataFrame | None:
    """The rows of which one of the doubts is true; None if there is no such row."""
    found = rows.filter(pl.any_horizontal(*doubts))
    return None if found.is_empty() else found
