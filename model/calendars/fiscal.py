"""Fiscal quarters: where one ends, and whether a day is one of its last business days."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from model.calendars.business_days import WEEKEND

if TYPE_CHECKING:
    from collections.abc import Collection

QUARTER: Final = 3
"""Months."""


def quarter_end(day: date, starts: int = 1) -> date:
    """The last day of the fiscal quarter of a day; `starts`: the month (1 to 12) in which the fiscal year begins."""
    into = (day.month - starts) % QUARTER
    months = day.year * 12 + day.month - 1 + QUARTER - 1 - into
    year, month = divmod(months, 12)
    return date(year, month + 1, monthrange(year, month + 1)[1])


def in_last_business_days(
    day: date, count: int, starts: int = 1, holidays: Collection[date] = (), weekend: Collection[int] = WEEKEND
) -> bool:
    """Whether a day lies on or after the first of the last `count` business days of its fiscal quarter."""
    first = quarter_end(day, starts) + timedelta(days=1)
    while count > 0 and first > day:
        first -= timedelta(days=1)
        count -= first.weekday() not in weekend and first not in holidays
    return day >= first
