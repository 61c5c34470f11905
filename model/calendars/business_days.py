"""Holidays and business days. A weekend is a set of weekdays, Monday is 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import holidays as known_holidays
import polars as pl

from model.errors import SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date

WEEKEND: Final = (5, 6)


def holidays_of(region: str, years: Iterable[int]) -> tuple[date, ...]:
    """Public holidays of a country ("US") or its subdivision ("US-CA"), sorted; raises SettingsProblem."""
    country, _, subdivision = region.partition("-")
    try:
        found = known_holidays.country_holidays(country, subdiv=subdivision or None, years=sorted(years))
    except NotImplementedError as error:  # what the holidays library raises for an unknown region
        raise SettingsProblem(
            f"No calendar is known for {region!r}; take a country such as US or one of its regions such as US-CA."
        ) from error
    return tuple(sorted(found))


def business_days_between(
    start: pl.Expr, end: pl.Expr, holidays: Collection[date] = (), weekend: Collection[int] = WEEKEND
) -> pl.Expr:
    """Business days from `start` (counted) to `end` (not counted) as Int64; negative where `end` is the earlier day."""
    week = tuple(weekday not in weekend for weekday in range(7))
    return pl.business_day_count(start, end, week_mask=week, holidays=sorted(holidays)).cast(pl.Int64)
