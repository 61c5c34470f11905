"""What a value can be: the ranges in which every policy, KPI and text can work with it.

Each function gives the value back, or raises ValueError or TypeError for one that nobody can judge.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

NONSENSE: Final = (ValueError, TypeError, ArithmeticError, KeyError, AttributeError)
"""What a converter may raise for a value that makes no sense."""

MOST_MONEY: Final = Decimal(10) ** 16
"""Salesforce's largest currency field has 16 digits before the point."""
MOST_DECIMALS: Final = 20
MOST_NUMBER: Final = 10**15
"""Beyond it a real number can no longer tell two whole numbers apart."""
FIRST_YEAR, LAST_YEAR = 1700, 4000
"""Salesforce takes dates of these years; the dates that a policy counts on from there are still dates."""
LONGEST_TEXT: Final = 131_072
"""Characters of Salesforce's longest text field; HubSpot's have half of that."""
LONGEST_ID: Final = 255

Time = TypeVar("Time", date, datetime)

_NO_CHARACTERS: Final = re.compile("[\x00\ud800-\udfff]")
_NOT_IN_IDS: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def clean(value: str) -> str:
    """Text with � for NUL and for halves of characters, which no database takes."""
    return value if value.isascii() and "\0" not in value else _NO_CHARACTERS.sub("\ufffd", value)


def text(value: Any) -> str:
    """A text as the CRM can hold it; a longer one is cut."""
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} is no text")
    return clean(value if len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT])


def line(value: Any) -> str:
    """A text of one line: a line break in a name would make a line of its own wherever it is shown."""
    found = text(value)
    return found if found.isprintable() else " ".join(found.split())


def identifier(value: Any) -> str:
    """A record's id: a text or a whole number that is neither empty nor absurdly long."""
    if type(value) is str and value.isalnum() and len(value) <= LONGEST_ID:
        return value  # as CRMs write them
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError("no id" if value is None else f"{type(value).__name__} is no id")
    if isinstance(value, int) and not 0 <= value < MOST_NUMBER**2:
        raise ValueError("an id is no such number")
    found = str(value).strip()
    if not found or len(found) > LONGEST_ID or _NOT_IN_IDS.search(found):
        raise ValueError(f"an id has 1 to {LONGEST_ID} characters and no control characters")
    return found


def money(value: Any) -> Decimal:
    """A finite amount that can be multiplied by a rate and added up exactly."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} is no amount")
    if not value.is_finite() or abs(value) > MOST_MONEY or _decimals(value) > MOST_DECIMALS:
        raise ValueError("an amount is finite and has at most 16 digits before the point")
    return value


def _decimals(value: Decimal) -> int:
    written = str(value)
    if "E" not in written:
        return len(written.partition(".")[2])
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def rate(value: Any) -> Decimal:
    """An exchange rate: above nothing, and no larger than a product of it can be kept exactly."""
    found = money(value)
    if not Decimal("1e-9") <= found <= Decimal("1e9"):
        raise ValueError("an exchange rate lies between 0.000000001 and 1,000,000,000")
    return found


def number(value: Any) -> int | float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{type(value).__name__} is no number")
    if not math.isfinite(value) or abs(value) > MOST_NUMBER:
        raise ValueError("a number is finite and at most 10 to the power of 15")
    return value


def share(value: Any) -> float:
    """A probability, 0 to 1."""
    found = float(number(value))
    if not 0 <= found <= 1:
        raise ValueError("a probability lies between 0 and 1")
    return found


def yes_no(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise TypeError(f"{type(value).__name__} is neither yes nor no")
    return value


def whole(value: Any) -> int:
    """A whole number."""
    found = number(value)
    if found != int(found):
        raise ValueError("no whole number")
    return int(found)


def day(value: Any) -> date:
    """A date that can be counted on from."""
    if isinstance(value, datetime) or not isinstance(value, date):
        raise TypeError(f"{type(value).__name__} is no date")
    return of_our_time(value)


def instant(value: Any) -> datetime:
    """An instant with a zone."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError(f"{type(value).__name__} is no instant")
    return of_our_time(value)


def of_our_time(value: Time) -> Time:
    """A date or an instant of a year that a CRM can mean."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"a date lies between the years {FIRST_YEAR} and {LAST_YEAR}")
    return value


def plain(value: Any) -> Any:
    """A JSON value of a fact: nothing, a text, a number, yes or no, or a list of these."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text(value)
    return [plain(one) for one in value] if isinstance(value, list) else number(value)
