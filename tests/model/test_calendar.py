"""Holidays and business days."""

from __future__ import annotations

import polars as pl
import pytest

from model.calendars.business_days import business_days_between, holidays_of
from model.errors import SettingsProblem
from tests.model.build import day


def between(start, end, **more):
    return pl.select(business_days_between(pl.lit(day(start)), pl.lit(day(end)), **more)).item()


def test_a_country_and_its_regions_have_their_own_holidays():
    assert day("2026-11-26") in holidays_of("US", (2026,))
    assert day("2026-03-31") in set(holidays_of("US-CA", (2026,))) - set(holidays_of("US", (2026,)))


def test_a_calendar_nobody_knows_is_a_wrong_setting():
    with pytest.raises(SettingsProblem, match="No calendar is known for 'Atlantis'"):
        holidays_of("Atlantis", (2026,))


@pytest.mark.parametrize(("start", "end", "days"), [
    ("2026-11-13", "2026-11-16", 1),  # over a weekend
    ("2026-11-14", "2026-11-15", 0),
    ("2026-11-16", "2026-11-13", -1),
    ("2026-11-23", "2026-11-30", 5),
])  # fmt: skip
def test_business_days_leave_out_weekends(start, end, days):
    assert between(start, end) == days


def test_business_days_leave_out_holidays_and_other_weekends():
    assert between("2026-11-23", "2026-11-30", holidays=holidays_of("US", (2026,))) == 4
    assert between("2026-11-26", "2026-11-29", weekend=(4, 5)) == 1
