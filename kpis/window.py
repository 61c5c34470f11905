"""Windows and periods: which days a KPI looks at, seen from as_of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from model.errors import SettingsProblem


@dataclass(frozen=True)
class Window:
    """All that is known at as_of, the last n days, or the calendar quarter or year of as_of up to that day."""

    name: str = "all"

    def __post_init__(self) -> None:
        """Raise an error for a window that is not defined."""
        if self.name not in {"all", "quarter", "year"} and not re.fullmatch(r"[1-9]\d{0,4}d", self.name):
            raise SettingsProblem(f"{self.name!r} is no window; say all, quarter, year, or days as 90d.")

    def holds(self, day: pl.Expr, as_of: pl.Expr) -> pl.Expr:
        """True for days of the window, as_of's own included; a day that is not known is only in `all`."""
        if self.name == "all":
            return pl.lit(value=True)
        if self.name in {"quarter", "year"}:
            start = as_of.dt.truncate("1q" if self.name == "quarter" else "1y")
        else:
            start = as_of - pl.duration(days=int(self.name[:-1]) - 1)
        return ((day >= start) & (day <= as_of)).fill_null(value=False)


ALL: Final = Window()


def month(day: pl.Expr) -> pl.Expr:
    """`2026-11`."""
    return day.dt.strftime("%Y-%m")


def quarter(day: pl.Expr) -> pl.Expr:
    """`2026-Q4`."""
    return pl.format("{}-Q{}", day.dt.year(), day.dt.quarter())


def periods_of(day: date) -> dict[str, tuple[date, date]]:
    """The quarter, month and year that a day lies in, by label, each with its first and last day."""
    first = (day.month - 1) // 3 * 3 + 1
    return {
        f"{day.year}-Q{(day.month + 2) // 3}": (date(day.year, first, 1), _end(day.year, first + 2)),
        f"{day:%Y-%m}": (day.replace(day=1), _end(day.year, day.month)),
        f"{day.year}": (date(day.year, 1, 1), date(day.year, 12, 31)),
    }


def _end(year: int, of_month: int) -> date:
    return date(year + of_month // 12, of_month % 12 + 1, 1) - timedelta(days=1)
