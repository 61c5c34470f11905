"""Words of sentences: `1 process`, `2 processes`; the word that was probably meant."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

ODD: Final = {"criterion": "criteria"}
HISSING: Final = ("s", "x", "ch", "sh")
VOWELS: Final = "aeiou"
SHOWN: Final = 12
"""Names that one sentence lists."""


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


def did_you_mean(word: str, known: Collection[str]) -> str:
    """`; did you mean 'x'?` or nothing."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean '{by_lower[close[0]]}'?" if close else ""


def likely(word: str, known: Collection[str]) -> str:
    """`; did you mean 'x'?`, else the names there are, as far as one can read them."""
    names = list(dict.fromkeys(known))
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return did_you_mean(word, names) or (f"; there are {', '.join(names[:SHOWN])}{more}." if names else ".")
