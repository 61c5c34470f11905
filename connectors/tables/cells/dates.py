"""Dates and times as reports write them; what can be read in two ways is asked of its column."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING, Final

from babel import Locale

from connectors.tables.cells.bad_value import BadValue

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

LANGUAGES: Final = (
    "en", "de", "fr", "es", "pt", "it", "nl", "pl", "sv", "da", "nb", "fi", "cs", "hu", "ro", "tr", "ru", "uk", "el",
    "id",
)  # fmt: skip
"""Languages with readable names of months. A name that means different months in two languages is not read."""
NUMERIC: Final = re.compile(r"(\d{1,4})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{1,4})\.?(?:(?:T|,? )\s*(\S.*))?")
MONTH_FIRST: Final = re.compile(r"([^\W\d_]+)\.?[ -](\d{1,2})(?:st|nd|rd|th)?,?[ -](\d{4})(?:,?\s+(?:at )?(\S.*))?")
DAY_FIRST: Final = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|er|\.)?[ -](?:de )?([^\W\d_]+)\.?,?[ -](?:de )?(\d{4}|\d{2})(?:,?\s+(?:at )?(\S.*))?"
)
EAST_ASIAN: Final = re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]\s*(\S.*)?")
COMPACT: Final = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?")
WEEKDAY: Final = re.compile(r"[^\W\d_]{2,10}\.?,? (\S.*)")
TIME: Final = re.compile(
    r"(\d{1,2})(?:[:.h](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?)?\s*(?:([AaPp])\.?\s?[Mm]\.?)?\s*"
    r"(Z|(?:UTC|GMT)?[+-]\d{2}(?::?\d{2})?|UTC|GMT)?(?: \([^)]*\))?"
)
SERIAL: Final = re.compile(r"(\d{5})(?:[.,](\d+))?")
"""A spreadsheet's number of a day, with the time as a fraction."""
SERIALS: Final = (20_000, 80_000)
"""From 1954 to 2119."""
EPOCH: Final = date(1899, 12, 30)
UNIX: Final = re.compile(r"1\d{9}(?:\d{3})?")
"""Seconds or milliseconds since 1970, from 2001 to 2033."""
SECONDS: Final = 10
PIVOT: Final = 70  # two-digit years below it are of this century
YEAR_DIGITS: Final = 4
MONTHS_A_YEAR: Final = 12


def order_of(texts: Iterable[str]) -> str | None:
    """`dmy` or `mdy` where a column's dates prove it, `mixed` where they prove both, None where none does."""
    proofs = {proof for text in texts if (proof := _order(text))}
    return "mixed" if len(proofs) > 1 else next(iter(proofs), None)


def _order(text: str) -> str | None:
    found = NUMERIC.fullmatch(" ".join(text.split()))
    if not found or len(found[1]) == YEAR_DIGITS:
        return None
    first, second = int(found[1]), int(found[3])
    if first > MONTHS_A_YEAR or found[2] == ".":
        return "dmy"
    return "mdy" if second > MONTHS_A_YEAR else None


def parse_date(text: str, order: str | None, zone: ZoneInfo) -> date:
    """The local date; a time with an offset is moved into `zone` first. Raises BadValue."""
    day, clock = _split(text, order)
    moment = _clock(clock)
    if moment is None or moment.tzinfo is None:
        return day
    return datetime.combine(day, moment).astimezone(zone).date()


def parse_instant(text: str, order: str | None, zone: ZoneInfo) -> datetime:
    """The instant in UTC; a bare date is noon of `zone`'s winter time.

    So no near zone moves it to another day, and between two dates lie whole days of 86,400 s.
    """
    day, clock = _split(text, order)
    moment = _clock(clock)
    at = datetime.combine(day, moment or time(12))
    if moment is None:
        local = at.replace(tzinfo=zone)
        return (local + (local.dst() or timedelta())).astimezone(UTC)
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def is_serial(text: str) -> bool:
    """Whether a text is a spreadsheet's number of a day."""
    found = SERIAL.fullmatch(text)
    return found is not None and SERIALS[0] <= int(found[1]) < SERIALS[1]


def _split(text: str, order: str | None) -> tuple[date, str | None]:
    stripped = " ".join(text.split())
    if found := NUMERIC.fullmatch(stripped):
        proven = order if order == "ymd" else _order(stripped) or order
        return _numeric((found[1], found[3], found[4]), proven), found[5]
    if found := EAST_ASIAN.fullmatch(stripped):
        return _day(found[1], int(found[2]), found[3]), found[4]
    if found := COMPACT.fullmatch(stripped):
        clock = f"{found[4]}:{found[5]}:{found[6]}{found[7]}" if found[4] else None
        return _day(found[1], int(found[2]), found[3]), clock
    if stripped.isascii() and (number := _from_number(stripped)):
        return number
    weekday = WEEKDAY.fullmatch(stripped)
    if dated := _with_month(stripped) or (_with_month(weekday[1]) if weekday else None):
        return dated
    raise BadValue("is no date")


def _from_number(text: str) -> tuple[date, str | None] | None:
    if is_serial(text):
        day, _, part = text.replace(",", ".").partition(".")
        seconds = round(float(f"0.{part}") * 86_400) if part else 0
        moment = datetime.combine(EPOCH, time()) + timedelta(days=int(day), seconds=seconds)
        return moment.date(), moment.strftime("%H:%M:%S") if part else None
    if UNIX.fullmatch(text):
        moment = datetime.fromtimestamp(int(text[:SECONDS]), UTC)
        return moment.date(), moment.strftime("%H:%M:%SZ")
    return None


def _with_month(text: str) -> tuple[date, str | None] | None:
    if found := MONTH_FIRST.fullmatch(text):
        return _day(found[3], _month(found[1]), found[2]), found[4]
    if found := DAY_FIRST.fullmatch(text):
        return _day(found[3], _month(found[2]), found[1]), found[4]
    return None


def _numeric(parts: tuple[str, str, str], order: str | None) -> date:
    first, second, third = parts
    if len(first) == YEAR_DIGITS:
        return _day(first, int(second), third)
    if order == "ymd":
        return _day(first, int(second), third)
    if order not in {"dmy", "mdy"} and first != second:
        raise BadValue("may be day/month or month/day; say dates = 'dmy' or 'mdy' (check: --dates)")
    return _day(third, int(first if order == "mdy" else second), second if order == "mdy" else first)


def _month(word: str) -> int:
    if number := _months().get(word.casefold().rstrip(".")):
        return number
    raise BadValue("names no month")


@cache
def _months() -> dict[str, int]:
    found: dict[str, set[int]] = {"sept": {9}}
    for language in LANGUAGES:
        for form in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in Locale.parse(language).months[form][width].items():
                    found.setdefault(name.casefold().rstrip("."), set()).add(number)
    return {name: next(iter(numbers)) for name, numbers in found.items() if len(numbers) == 1}


def _day(year: str, month: int, day: str) -> date:
    number = int(year)
    if len(year) < YEAR_DIGITS:
        number += 2000 if number < PIVOT else 1900
    try:
        return date(number, month, int(day))
    except ValueError as error:
        raise BadValue("is no day of the calendar") from error


def _clock(clock: str | None) -> time | None:
    if clock is None:
        return None
    found = TIME.fullmatch(clock.strip())
    if not found or not (found[2] or found[4]):
        raise BadValue("has a time that cannot be read")
    hour, half = int(found[1]), (found[4] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return time(hour, int(found[2] or 0), int(found[3] or 0), tzinfo=_offset(found[5]))
    except ValueError as error:
        raise BadValue("has a time that is none") from error


def _offset(text: str | None) -> timezone | None:
    if text is None:
        return None
    found = re.search(r"([+-])(\d{2}):?(\d{2})?", text)
    if not found:
        return UTC
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))
