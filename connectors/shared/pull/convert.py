"""JSON values in canonical form, whatever the CRM.

A converter takes one value and raises one of plausible.NONSENSE for what makes no sense or nobody can judge.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.shared.client.exact_json import exact
from connectors.shared.pull import plausible

if TYPE_CHECKING:
    from collections.abc import Callable

Converter: TypeAlias = "Callable[[Any], Any]"


_BLANK: Final = (None, "")


def same(value: Any) -> Any:
    """As it is."""
    return value


def text(value: Any) -> str | None:
    """Trimmed; blank is None."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, dict | list):
        raise TypeError(f"{type(value).__name__} is no text")
    return None if value is None else str(value).strip() or None


@lru_cache(maxsize=8192)
def _day(value: str) -> date:
    return plausible.day(date.fromisoformat(value[:10]))


def day(value: Any) -> date | None:
    """A date."""
    return None if value in _BLANK else _day(value)


def day_text(value: Any) -> str | None:
    """A date as JSON can carry it."""
    found = day(value)
    return found.isoformat() if found else None


@lru_cache(maxsize=16384)
def _instant(value: str) -> datetime:
    at = plausible.of_our_time(datetime.fromisoformat(value))
    if at.tzinfo is UTC:
        return at
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def instant(value: Any) -> datetime | None:
    """An aware instant in UTC; a row's stamps are often the same, so they are kept for a while."""
    return None if value in _BLANK else _instant(value)


def local_day_text(value: datetime | None, zone: ZoneInfo) -> str | None:
    """The date of an instant in a zone, as JSON can carry it."""
    return value.astimezone(zone).date().isoformat() if value else None


def money(value: Any) -> Decimal | None:
    """An exact amount, without trailing zeros."""
    if value is None:
        return None
    if isinstance(value, bool):
        raise TypeError("yes or no is no amount")
    return plausible.money(value if isinstance(value, Decimal) else exact(str(value)))


def money_text(value: Any) -> str | None:
    """An exact amount as JSON can carry it."""
    amount = money(value)
    return None if amount is None else format(amount, "f")


def number(value: Any) -> int | float | None:
    """A number; whole ones as int."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        raise TypeError("yes or no is no number")
    plain = plausible.number(float(value))
    return int(plain) if float(plain).is_integer() else plain


def words(value: Any) -> list[str] | None:
    """A multi-select picklist's values."""
    return [part.strip() for part in (text(value) or "").split(";") if part.strip()] or None


_CURRENCY: Final = re.compile("[A-Z]{3}")
_NO: Final = {"no", "n", "false", "0", "none"}


def ticked(value: Any) -> bool | None:
    """A yes/no read from another field: "no" and similar words are no, any other text is yes."""
    if value is None or isinstance(value, bool):
        return value
    word = (text(value) or "").lower()
    return word not in _NO if word else None


def currency_code(value: Any) -> str | None:
    """An ISO code of a currency; None for what is none."""
    return value if isinstance(value, str) and _CURRENCY.fullmatch(value) else None


def known_zone(value: Any) -> str | None:
    """The IANA name of a zone; None for what is none."""
    try:
        return ZoneInfo(value).key
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        return None
