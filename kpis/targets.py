"""Revenue targets: the period that counts at as_of, and its targets for everybody, a team or an owner."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.periods import EXAMPLES, labels_of, period
from model.errors import SettingsProblem
from model.snapshot import MONEY, columns

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal

    from kpis.window import Window

TARGETS: Final = columns({
    "owner": pl.String, "team": pl.String, "period": pl.String, "amount": MONEY, "currency": pl.String,
})  # fmt: skip
"""`period` as in `kpis.periods.period`. A row names an owner, a team, or neither; then it applies to everybody."""


@dataclass(frozen=True)
class Goal:
    """The targets of one period, from its first to its last day; `why` is the reason if there are none."""

    rows: pl.DataFrame = field(default_factory=TARGETS.to_frame)
    label: str = ""
    first: date | None = None
    last: date | None = None
    why: str = "no target"

    def of(self, dim: str | None) -> Mapping[str | None, Decimal]:
        """Target by group of `dim`. The whole comes from the rows without a name, else the teams', else the owners'."""
        if self.rows.is_empty():
            return {}
        if dim is None:
            rows = next((rows for kind in ("all", "team", "owner") if (rows := self._kind(kind)).height), None)
            return {} if rows is None else {None: rows.select(pl.col("amount").sum()).item()}
        rows = self._kind(dim)
        if dim == "team" and not rows.height:
            rows = self._kind("owner").drop_nulls("team")
        sums = rows.group_by(dim).agg(pl.col("amount").sum())
        return dict(zip(sums[dim], sums["amount"], strict=True))

    def _kind(self, kind: str) -> pl.DataFrame:
        named = pl.when(pl.col("owner").is_not_null()).then(pl.lit("owner"))
        return self.rows.filter(
            named.when(pl.col("team").is_not_null()).then(pl.lit("team")).otherwise(pl.lit("all")) == kind
        )


def goal(
    targets: pl.DataFrame | None, on: date, window: Window, currency: str | None, fiscal_year_starts: int = 1
) -> Goal:
    """The targets of the period that `on` lies in: the quarter's, else the month's, else the year's.

    The calendar's go before the fiscal ones. With window `year` or `fiscal_year` the year's go first. Raises
    SettingsProblem for columns or periods that cannot be read.
    """
    if targets is None or not targets.height:
        return Goal()
    rows, labels = _typed(targets), labels_of(on, fiscal_year_starts)
    yearly = window.name in {"year", "fiscal_year"}
    for label in sorted(labels, key=lambda label: yearly and "-" in label):
        found, days = rows.filter(pl.col("period") == label), period(label, fiscal_year_starts)
        if found.height and days:
            return Goal(found, label, *days, why=_unlike(found, currency))
    return Goal(why=f"no target for {', '.join(dict.fromkeys(labels))}")


def _unlike(rows: pl.DataFrame, currency: str | None) -> str:
    """Why these targets cannot be compared with the pipeline; empty if they can."""
    found = sorted(set(rows["currency"].drop_nulls()) | ({currency} if currency else set()))
    return f"targets and pipeline are in unlike currencies: {', '.join(found)}" if len(found) > 1 else ""


def _typed(targets: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in ("period", "amount") if name not in targets.columns]
    if missing:
        raise SettingsProblem(f"The targets have no column {' nor '.join(missing)}; they need {', '.join(TARGETS)}.")
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in TARGETS.items() if name not in targets.columns]
    rows = targets.with_columns(absent).select(pl.col(name).cast(dtype) for name, dtype in TARGETS.items())
    for label in rows["period"].unique().to_list():
        if not label or not period(label):
            raise SettingsProblem(f"Period {label!r} of the targets is none; write {EXAMPLES}.")
    return rows
