"""Dates and amounts as reports write them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.tables.cells import BadValue, decimal_mark, order_of, parse_amount, parse_date, parse_instant

BERLIN = ZoneInfo("Europe/Berlin")
days = st.dates(date(1975, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize(
    "text",
    ["2026-12-31", "2026/12/31", "31/12/2026", "12/31/2026", "31.12.2026", "Dec 31 2026", "December 31, 2026",
     "31 Dec 2026", "31-Dec-26", "31/12/26", "2026-12-31T09:30:00", "12/31/2026 3:45 PM", "31.12.2026, 09:30",
     "2026-12-30T23:30:00Z", "46387", "20261231", "31 décembre 2026", "31. Dezember 2026", "31 de diciembre de 2026",
     "2026年12月31日", "Thu, 31 Dec 2026 at 9:30 am", "Thu Dec 31 2026 09:30:00 GMT+0100 (CET)", "1798675200000"],
)  # fmt: skip
def test_the_last_day_of_2026_is_read_however_it_is_written(text):
    assert parse_date(text, None, BERLIN) == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("03/04/2026", "may be day/month or month/day"),
        ("31/02/2026", "is no day of the calendar"),
        ("463", "is no date"),
        ("Foo 3 2026", "names no month"),
        ("2026-12-31 25:00", "has a time that is none"),
        ("2026-12-31 noonish", "has a time that cannot be read"),
    ],
)
def test_what_cannot_be_read_says_why(text, why):
    with pytest.raises(BadValue, match=why):
        parse_date(text, None, BERLIN)


def test_a_column_proves_how_its_dates_are_written():
    assert order_of(["03/04/2026", "25/04/2026"]) == "dmy"
    assert order_of(["03/04/2026", "04/25/2026"]) == "mdy"
    assert order_of(["03/04/2026"]) is None
    assert order_of(["25/04/2026", "04/25/2026"]) == "mixed"


@settings(deadline=None)
@given(st.lists(days, min_size=1), st.sampled_from(["%d/%m/%Y", "%m/%d/%Y"]))
def test_a_column_written_one_way_is_never_read_the_other_way(column, written):
    texts = [day.strftime(written) for day in column]
    order = order_of(texts)
    for text, day in zip(texts, column, strict=True):
        try:
            assert parse_date(text, order, BERLIN) == day
        except BadValue:
            assert all(other.day <= 12 for other in column)


def test_a_time_is_moved_to_utc_and_a_bare_date_is_noon_of_its_zones_winter_time():
    assert parse_instant("2026-07-01 09:30", None, BERLIN) == datetime(2026, 7, 1, 7, 30, tzinfo=UTC)
    assert parse_instant("2026-07-01T09:30:00-04:00", None, BERLIN) == datetime(2026, 7, 1, 13, 30, tzinfo=UTC)
    assert parse_instant("2026-07-01", None, BERLIN) == datetime(2026, 7, 1, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("$1,234.50", "1234.50", "USD"), ("1.234,50 €", "1234.50", "EUR"), ("(1,200)", "-1200", None),
        ("1.2k", "1200", None), ("£2 500", "2500", "GBP"), ("1'234.50 CHF", "1234.50", "CHF"), ("-$5", "-5", "USD"),
        ("EUR 12,5", "12.5", "EUR"), ("1,234,567", "1234567", None), ("1.234.567", "1234567", None),
        ("1054.125", "1054.125", None), ("0", "0", None), ("1,234", "1234", None), ("12345678901234567.89",
         "12345678901234567.89", None), ("1\u00a0234,50", "1234.50", None), ("1,200-", "-1200", None),
        ("Rs. 5,00,000.00", "500000", ""), ("₹12,50,000", "1250000", "INR"), ("INR 1,00,00,000.00", "10000000", "INR"),
        ("420.00000000", "420", None), ("611696.3298000001", "611696.3298", None), ("1.25E6", "1250000", None),
        ("KWD 500.000", "500", "KWD"), ("JPY 1.234", "1234", "JPY"), ("1 250,00 ₽", "1250", "RUB"),
        ("BOB 8,000.00", "8000", "BOB"), ("S/ 300", "300", "PEN"), ("1.234,56 zł", "1234.56", "PLN"),
        ("¥500", "500", ""), ("$1.2M", "1200000", "USD"), ("１，２００", "1200", None), ("US Dollar 5", "5", "USD"),
        ("0.1234567", "0.123457", None), ("1e5", "100000", None), (".5", "0.5", None),
    ],
)  # fmt: skip
def test_amounts_are_exact_with_their_currency(text, amount, currency):
    read = parse_amount(text, None, None)
    assert (read.value, read.currency) == (Decimal(amount), currency)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1.234", "may be thousands or decimals"),
        ("1,23,4", "is no amount"),
        ("5 apples", "no currency known here"),
        ("1e30", "more than 20 digits"),
        ("Infinity", "is no amount"),
        ("lots", "is no amount"),
        ("5 - 7", "beside the number"),
    ],
)
def test_an_amount_that_is_none_or_two_says_why(text, why):
    with pytest.raises(BadValue, match=why):
        parse_amount(text, None, None)


def test_a_column_proves_its_decimal_mark_and_a_shared_sign_is_the_homes():
    mark = decimal_mark(["1.234", "1.234,50 €"])
    assert parse_amount("1.234", mark, None)[0] == Decimal(1234)
    assert parse_amount("1.234", decimal_mark(["1.5"]), None)[0] == Decimal("1.234")
    assert parse_amount("$5", None, "CAD")[1] == "CAD"
    assert decimal_mark(["1,5", "1.5"]) == "mixed"


@settings(deadline=None)
@given(st.lists(st.decimals(0, 10**12, places=2), min_size=1), st.sampled_from([",.", ".,", " ,", "'."]))
def test_every_amount_written_with_cents_comes_back_to_the_cent(column, marks):
    thousands, mark = marks
    texts = [f"{value:,.2f}".translate(str.maketrans({",": thousands, ".": mark})) for value in column]
    proven = decimal_mark(texts)
    assert [parse_amount(text, proven, None)[0] for text in texts] == column
