"""Calendar and fiscal periods: their days, their labels, and the period that a day lies in.

A fiscal year has the number of the calendar year in which it ends.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

import polars as pl

PERIOD: Final = re.compile(r"(?P<fiscal>FY)?(?P<year>\d{4})(?:-Q(?P<quarter>[1-4])|-(?P<month>0[1-9]|1[0-2]))?")
EXAMPLES: Final = "2026-Q4, 2026-11, 2026, FY2026-Q4 or FY2026"
MONTHS: Final = 12
QUARTER: Final = 3


def period(label: str, fiscal_year_starts: int = 1) -> tuple[date, date] | None:
    """First and last day of `2026`, `2026-Q3`, `2026-09`, `FY2026` or `FY2026-Q3`; None for any other word."""
    found = PERIOD.fullmatch(label)
    if not found or (found["fiscal"] and found["month"]):
        return None
    starts = fiscal_year_starts if found["fiscal"] else 1
    first = int(found["year"]) * MONTHS + starts - 1 - (MONTHS if starts > 1 else 0)
    if found["month"]:
        return _months(first + int(found["month"]) - 1, 1)
    if found["quarter"]:
        return _months(first + (int(found["quarter"]) - 1) * QUARTER, QUARTER)
    return _months(first, MONTHS)


def _months(first: int, count: int) -> tuple[date, date]:
    """First and last day of `count` months from a month, counted from year 0."""
    return _first(first), _first(first + count) - timedelta(days=1)


def _first(months: int) -> date:
    return date(months // MONTHS, months % MONTHS + 1, 1)


def labels_of(day: date, fiscal_year_starts: int = 1) -> tuple[str, ...]:
    """The periods that a day lies in: quarter, fiscal quarter, month, year, fiscal year."""
    turn = (day.month - fiscal_year_starts) % MONTHS
    fiscal = day.year + (fiscal_year_starts > 1 and day.month >= fiscal_year_starts)
    quarter = (day.month - 1) // QUARTER + 1
    return (
        f"{day.year}-Q{quarter}", f"FY{fiscal}-Q{turn // QUARTER + 1}", f"{day:%Y-%m}", f"{day.year}", f"FY{fiscal}",
    )  # fmt: skip


def label(dim: str, day: pl.Expr, fiscal_year_starts: int = 1) -> pl.Expr:
    """The label of the period that each day lies in; `dim` is one of TIME_DIMS."""
    fiscal = day.dt.year() + ((fiscal_year_starts > 1) & (day.dt.month() >= fiscal_year_starts)).cast(pl.Int32)
    turn = (day.dt.month().cast(pl.Int32) - fiscal_year_starts + MONTHS) % MONTHS
    labels = {
        "month": day.dt.strftime("%Y-%m"),
        "quarter": pl.format("{}-Q{}", day.dt.year(), day.dt.quarter()),
        "year": day.dt.strftime("%Y"),
        "fiscal_quarter": pl.format("FY{}-Q{}", fiscal, turn // QUARTER + 1),
        "fiscal_year": pl.format("FY{}", fiscal),
    }
    return labels[dim].alias(dim)
