"""JSON whose decimals stay exact, and which one odd value cannot make unreadable as a whole."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import orjson

_EXPONENT: Final = 64
"""A number with more zeros than this stays as it is written: spelt out it could fill the memory."""
_DIGITS: Final = 64


@lru_cache(maxsize=65536)
def exact(text: str) -> Decimal:
    """A number as written, without trailing zeros or exponent: 1000.0, 1000.00 and 1.0E3 are all 1000."""
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or abs(number.adjusted()) > _EXPONENT or len(text) > _DIGITS:
        return number
    plain = format(number, "f")
    return Decimal(plain.rstrip("0").rstrip(".") if "." in plain else plain)


def _float(text: str) -> Decimal | float:
    """A number of any size; one with an exponent that no decimal can have is no number."""
    try:
        return exact(text)
    except ArithmeticError:
        return float("nan")


def _int(text: str) -> int | Decimal | float:
    return int(text) if len(text) <= _DIGITS else _float(text)


_decoder = json.JSONDecoder(parse_float=exact)
_patient = json.JSONDecoder(parse_float=_float, parse_int=_int, strict=False)


def load(content: bytes) -> Any:
    """Parsed JSON; raises ValueError where it is cut, garbled or too deep.

    Numbers of any length, NaN, control characters in texts and bytes that are no UTF-8 are values that make no sense;
    they are read, so that the records beside them are, too.
    """
    try:
        return _decoder.decode(content.decode())
    except RecursionError:
        raise ValueError("brackets stand too deep in each other") from None
    except (ValueError, ArithmeticError):
        return _read_patiently(content.decode(errors="replace"))


def load_fast(content: bytes) -> Any:
    """The same with decimals as floats, in half the time."""
    try:
        return orjson.loads(content)
    except ValueError:  # orjson refuses NaN and halves of characters
        return load(content)


def _read_patiently(text: str) -> Any:
    try:
        return _patient.decode(text)
    except RecursionError:
        raise ValueError("brackets stand too deep in each other") from None
