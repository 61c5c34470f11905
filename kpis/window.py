"""Windows: the days that a KPI looks at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from kpis.periods import labels_of, period
from model.errors import SettingsProblem

WORDS: Final = {"quarter": 0, "fiscal_quarter": 1, "year": 3, "fiscal_year": 4}
"""Windows up to as_of, and where `labels_of` has the period that they are part of."""
DAYS: Final = re.compile(r"([1-9]\d{0,4})d")
RANGE: Final = re.compile(r"(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)")
YEARLESS: Final = re.compile(r"(?P<fiscal>FY)?[ -]?(?P<quarter>Q[1-4])", re.IGNORECASE)
DEFAULT_PER_DAY: Final = "365d"
REFUSED: Final = (
    "{!r} is no window; say all, quarter, year, fiscal_quarter, fiscal_year, days as 90d, a period as 2026-Q3, "
    "2026-09, 2026, FY2026-Q3 or FY2026, or two days as 2026-01-01..2026-03-31."
)


@dataclass(frozen=True)
class Window:
    """Everything known at as_of, or a span of days that ends at as_of at the latest.

    `fiscal_year_starts`: the month (1 to 12) in which the fiscal year begins.
    """

    name: str = "all"
    fiscal_year_starts: int = 1

    def __post_init__(self) -> None:
        """Raise SettingsProblem for a window that is not defined."""
        if self.name != "all" and self._span(date(2000, 1, 1)) is None:
            raise SettingsProblem(REFUSED.format(self.name))

    def days(self, today: date) -> tuple[date | None, date]:
        """First and last day as seen from `today`; the first is None for `all`."""
        span = None if self.name == "all" else self._span(today)
        return (None, today) if span is None else (span[0], min(span[1], today))

    def holds(self, day: pl.Expr, as_of: pl.Expr) -> pl.Expr:
        """True for days of the window up to `as_of`, its own day included; an unknown day is only in `all`."""
        if self.name == "all":
            return pl.lit(value=True)
        if found := DAYS.fullmatch(self.name):
            first: pl.Expr = as_of - pl.duration(days=int(found[1]) - 1)
            return ((day >= first) & (day <= as_of)).fill_null(value=False)
        if self.name in WORDS:
            return (self._same_period(day, as_of) & (day <= as_of)).fill_null(value=False)
        span = self._span(date(2000, 1, 1))
        return (day.is_between(*span) & (day <= as_of)).fill_null(value=False) if span else pl.lit(value=False)

    def _same_period(self, day: pl.Expr, as_of: pl.Expr) -> pl.Expr:
        back = f"-{self.fiscal_year_starts - 1}mo" if self.name.startswith("fiscal") else "0mo"
        every = "1q" if self.name.endswith("quarter") else "1y"
        mine, now = (one.dt.month_start().dt.offset_by(back).dt.truncate(every) for one in (day, as_of))
        return mine == now

    def _span(self, today: date) -> tuple[date, date] | None:
        if found := DAYS.fullmatch(self.name):
            return today - timedelta(days=int(found[1]) - 1), today
        if self.name in WORDS:
            return period(labels_of(today, self.fiscal_year_starts)[WORDS[self.name]], self.fiscal_year_starts)
        if found := RANGE.fullmatch(self.name):
            return _ordered(found[1], found[2])
        return period(self.name, self.fiscal_year_starts)


def _ordered(first: str, last: str) -> tuple[date, date] | None:
    try:
        span = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        return None
    return span if span[0] <= span[1] else None


def window_of(text: str, today: date, fiscal_year_starts: int = 1) -> Window:
    """The window of a text. A quarter without its year raises SettingsProblem with the one of `today`'s year."""
    name = text.strip()
    if found := YEARLESS.fullmatch(name):
        year = labels_of(today, fiscal_year_starts)[1 if found["fiscal"] else 0].partition("-")[0]
        quarter = found["quarter"].upper()
        raise SettingsProblem(f"{text!r} is no window, because it has no year; write {year}-{quarter}.")
    return Window(name, fiscal_year_starts)


ALL: Final = Window()
