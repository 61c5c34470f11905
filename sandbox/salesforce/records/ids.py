"""Record ids: a three-letter prefix, a base-62 counter, and three letters that make case safe."""

from __future__ import annotations

import string
from functools import lru_cache

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CHECK = string.ascii_uppercase + "012345"
_ALLOWED = frozenset(_BASE62)
LONG, SHORT = 18, 15


def checksum(short: str) -> str:
    """The three letters that encode which of the 15 characters are capitals."""
    return _letter(short[:5]) + _letter(short[5:10]) + _letter(short[10:])


@lru_cache(maxsize=100_000)
def _letter(block: str) -> str:
    return _CHECK[sum(1 << i for i, c in enumerate(block) if "A" <= c <= "Z")]


def make(prefix: str, number: int) -> str:
    """The 18-character id of the `number`-th record of the object with this key prefix."""
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    short = f"{prefix}5g00000{digits.rjust(5, '0')}"
    return short + checksum(short)


def long(text: object) -> str | None:
    """The 18-character form of a 15- or 18-character id; None where `text` is no well-formed id."""
    if not isinstance(text, str) or len(text) not in (SHORT, LONG) or not _ALLOWED.issuperset(text):
        return None
    if len(text) == SHORT:
        return text + checksum(text)
    restored = _restore_case(text)
    return restored + checksum(restored) if restored else None


def _restore_case(text: str) -> str | None:
    """An 18-character id may come in any case: its last three letters say which characters are capitals."""
    short, check = text[:SHORT], text[SHORT:].upper()
    if checksum(short) == check:
        return short
    if not set(check) <= set(_CHECK):
        return None
    bits = [_CHECK.index(c) >> i & 1 for c in check for i in range(5)]
    cased = "".join(c.upper() if bit else c.lower() for c, bit in zip(short, bits, strict=True))
    return cased if checksum(cased) == check else None
