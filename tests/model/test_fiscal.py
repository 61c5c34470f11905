"""Fiscal quarters and their last business days, by hand."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.calendars.fiscal import in_last_business_days, quarter_end

NEW_YEAR = (date(2026, 12, 25),)


@pytest.mark.parametrize(
    ("day", "starts", "end"),
    [
        (date(2026, 11, 22), 1, date(2026, 12, 31)),
        (date(2026, 1, 1), 1, date(2026, 3, 31)),
        (date(2026, 11, 22), 2, date(2027, 1, 31)),
        (date(2026, 1, 31), 2, date(2026, 1, 31)),
        (date(2027, 12, 1), 3, date(2028, 2, 29)),
        (date(2026, 9, 30), 7, date(2026, 9, 30)),
        (date(2026, 10, 1), 10, date(2026, 12, 31)),
    ],
)
def test_a_fiscal_quarter_ends_where_its_year_says(day, starts, end):
    assert quarter_end(day, starts) == end


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2026, 12, 23), False),  # Wednesday; the 25th is a holiday, so the five are 24, 28, 29, 30, 31
        (date(2026, 12, 24), True),
        (date(2026, 12, 26), True),  # a Saturday between them
        (date(2026, 12, 31), True),
        (date(2027, 1, 1), False),
        (date(2026, 11, 30), False),
    ],
)
def test_the_last_five_business_days_by_hand(day, last):
    assert in_last_business_days(day, 5, holidays=NEW_YEAR) is last


def test_the_weekend_before_them_is_not_among_them():
    assert not in_last_business_days(date(2027, 9, 23), 5)
    assert in_last_business_days(date(2027, 9, 24), 5), "Friday: 24, 27, 28, 29, 30"
    assert not in_last_business_days(date(2026, 6, 21), 5)
    assert in_last_business_days(date(2026, 6, 24), 5), "Wednesday: 24, 25, 26, 29, 30"


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)), st.integers(1, 12))
def test_every_quarter_has_exactly_five_of_them_and_its_last_day_is_always_in(day, starts):
    end = quarter_end(day, starts)
    days = [date.fromordinal(end.toordinal() - n) for n in range(60)]
    mine = [one for one in days if quarter_end(one, starts) == end and in_last_business_days(one, 5, starts)]
    assert sum(one.weekday() < 5 for one in mine) == 5
    assert end in mine
    assert end >= day
