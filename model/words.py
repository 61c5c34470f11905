"""Counts in sentences: `1 process`, `2 processes`."""

from __future__ import annotations

from typing import Final

ODD: Final = {"criterion": "criteria"}
HISSING: Final = ("s", "x", "ch", "sh")
VOWELS: Final = "aeiou"


def many(count: int, noun: str) -> str:
    """A count with its noun; thousands parted."""
    return f"{count:,} {noun if count == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """The noun for more than one; of several words the last is changed."""
    if noun in ODD:
        return ODD[noun]
    if noun.endswith("y") and noun[-2] not in VOWELS:
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(HISSING) else f"{noun}s"
