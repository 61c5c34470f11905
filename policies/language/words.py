"""What a text is once compared: trimmed, in lower case, blank or not. The store and the tests use the same."""

from __future__ import annotations

import difflib
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

INVISIBLE: Final = "\u200b\u200c\u200d\u2060\ufeff"
MOST: Final = 500
"""Most characters of a sentence about a mistake."""
TRIMMED: Final = (
    "".join(chr(code) for code in range(0x3001) if chr(code).isspace() or unicodedata.category(chr(code)) == "Zs")
    + INVISIBLE
)
"""Characters cut off both ends of a text, spelt out because Polars and Python differ about the control characters."""


def trimmed(text: str) -> str:
    """The text without white and invisible characters at its ends."""
    return text.strip(TRIMMED)


def compared(text: str) -> str:
    """The text as comparisons see it."""
    return trimmed(text).lower()


def fillers(texts: Iterable[str]) -> frozenset[str]:
    """Filler texts as comparisons see them."""
    return frozenset(map(compared, texts)) - {""}


def shortened(text: str, most: int = MOST) -> str:
    """The text on one line, its middle left out where it is too long: what a sentence quotes may be anything."""
    text = text.replace("\n", " ")
    if len(text) <= most:
        return text
    return f"{text[: most // 2]} … {text[-(most // 2) :]}"


def did_you_mean(word: str, known: Collection[str]) -> str:
    """`; did you mean 'x'?` or nothing."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean '{by_lower[close[0]]}'?" if close else ""
