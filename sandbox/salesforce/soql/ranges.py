"""Date literals such as TODAY and LAST_N_DAYS:14 as the days they cover. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from sandbox.salesforce.soql.parse import malformed

if TYPE_CHECKING:
    from collections.abc import Callable

_DAY = timedelta(days=1)
_MONTHS = 12
_QUARTER = 3


def _shifted(start: date, months: int) -> date:
    years, month = divmod(start.month - 1 + months, _MONTHS)
    return date(start.year + years, month + 1, 1)


def _period(today: date, length: int, offset: int) -> tuple[date, date]:
    """The whole period of `length` months that lies `offset` periods from today's."""
    first = date(today.year, (today.month - 1) // length * length + 1, 1)
    return _shifted(first, offset * length), _shifted(first, (offset + 1) * length)


def _week(today: date, offset: int) -> tuple[date, date]:
    sunday = today - _DAY * ((today.weekday() + 1) % 7) + _DAY * 7 * offset
    return sunday, sunday + _DAY * 7


_FIXED: dict[str, Callable[[date], tuple[date, date]]] = {
    "TODAY": lambda t: (t, t + _DAY),
    "YESTERDAY": lambda t: (t - _DAY, t),
    "TOMORROW": lambda t: (t + _DAY, t + 2 * _DAY),
    "LAST_90_DAYS": lambda t: (t - 90 * _DAY, t + _DAY),
    "NEXT_90_DAYS": lambda t: (t + _DAY, t + 91 * _DAY),
}
_SIDES = {"LAST": -1, "THIS": 0, "NEXT": 1}
_LENGTHS = {"MONTH": 1, "QUARTER": _QUARTER, "YEAR": _MONTHS}
_COUNTED: dict[str, Callable[[date, int], tuple[date, date]]] = {
    "LAST_N_DAYS": lambda t, n: (t - n * _DAY, t + _DAY),
    "NEXT_N_DAYS": lambda t, n: (t + _DAY, t + (n + 1) * _DAY),
    "N_DAYS_AGO": lambda t, n: (t - n * _DAY, t - (n - 1) * _DAY),
    "LAST_N_MONTHS": lambda t, n: (_shifted(t.replace(day=1), -n), t.replace(day=1)),
}


def days(literal: str, today: date) -> tuple[date, date]:
    """First day and the day after the last; raises MALFORMED_QUERY on an unknown literal."""
    name, _, count = literal.partition(":")
    if name in _COUNTED and count:
        return _COUNTED[name](today, int(count))
    if name in _FIXED:
        return _FIXED[name](today)
    side, _, unit = name.partition("_")
    if side in _SIDES and unit == "WEEK":
        return _week(today, _SIDES[side])
    if side in _SIDES and unit in _LENGTHS:
        return _period(today, _LENGTHS[unit], _SIDES[side])
    raise malformed(f"unexpected token: '{literal}'")
