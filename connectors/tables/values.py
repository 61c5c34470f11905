"""Dates, amounts and yes/no as people's reports write them; what can be read in two ways is asked of its column."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

BLANK: Final = frozenset({"", "-", "--", "n/a", "#n/a", "null", "none"})
YES: Final = frozenset({"yes", "y", "true", "1", "x", "ja", "oui"})
NO: Final = frozenset({"no", "n", "false", "0", "nein", "non"})
MONTHS: Final = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"), 1,
    )
    for name in names.split()
}  # fmt: skip
NUMERIC: Final = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?:(?:[T ]|, ?)\s*(\S.*))?")
MONTH_FIRST: Final = re.compile(r"([A-Za-z]+)\.?[ -](\d{1,2})(?:st|nd|rd|th)?,?[ -](\d{4})(?:(?:,|\s)\s*(\S.*))?")
DAY_FIRST: Final = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.)?[ -]([A-Za-z]+)\.?,?[ -](\d{4}|\d{2})(?:(?:,|\s)\s*(\S.*))?"
)
TIME: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp][Mm])?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?")
PIVOT: Final = 70  # two-digit years below it are of this century
YEAR_DIGITS: Final = 4
MONTHS_A_YEAR: Final = 12


class BadValue(ValueError):
    """A cell that cannot be read; the text gives the cell's words and the reason."""


def order_of(texts: Iterable[str]) -> str | None:
    """`dmy` or `mdy` where a column's dates prove it, `mixed` where they prove both, None where none does."""
    proofs = {proof for text in texts if (proof := _order(text))}
    return "mixed" if len(proofs) > 1 else next(iter(proofs), None)


def _order(text: str) -> str | None:
    found = NUMERIC.fullmatch(text.strip())
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


def _split(text: str, order: str | None) -> tuple[date, str | None]:
    stripped = text.strip()
    if found := NUMERIC.fullmatch(stripped):
        return _numeric((found[1], found[3], found[4]), _order(stripped) or order), found[5]
    if found := MONTH_FIRST.fullmatch(stripped):
        return _day(found[3], _month(found[1]), found[2]), found[4]
    if found := DAY_FIRST.fullmatch(stripped):
        return _day(found[3], _month(found[2]), found[1]), found[4]
    raise BadValue("is no date")


def _numeric(parts: tuple[str, str, str], order: str | None) -> date:
    first, second, third = parts
    if len(first) == YEAR_DIGITS:
        return _day(first, int(second), third)
    if order not in {"dmy", "mdy"} and first != second:
        raise BadValue("may be day/month or month/day; say dates = 'dmy' or 'mdy' (check: --dates)")
    return _day(third, int(first if order == "mdy" else second), second if order == "mdy" else first)


def _month(word: str) -> int:
    if number := MONTHS.get(word.lower()):
        return number
    raise BadValue("names no month")


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
    if not found:
        raise BadValue("has a time that cannot be read")
    hour, half = int(found[1]), (found[4] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        return time(hour, int(found[2]), int(found[3] or 0), tzinfo=_offset(found[5]))
    except ValueError as error:
        raise BadValue("has a time that is none") from error


def _offset(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text[0] not in "+-":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def parse_yes(text: str) -> bool:
    """Yes or no; raises BadValue for any other word."""
    word = text.strip().lower()
    if word not in YES | NO:
        raise BadValue("is neither yes nor no")
    return word in YES


def parse_number(text: str) -> Decimal:
    """A plain number, percent sign allowed; raises BadValue."""
    found = re.fullmatch(r"([+-]?\d+(?:[.,]\d+)?)\s*%?", text.strip())
    if not found:
        raise BadValue("is no number")
    return Decimal(found[1].replace(",", "."))
