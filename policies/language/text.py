"""How texts are compared: trimmed, in lower case, filler texts as blank."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

INVISIBLE: Final = "\u200b\u200c\u200d\u2060\ufeff"
MOST: Final = 500
"""Most characters of a sentence about a mistake."""
TRIMMED: Final = (
    "".join(chr(code) for code in range(0x3001) if chr(code).isspace() or unicodedata.category(chr(code)) == "Zs")
    + INVISIBLE
)
"""Characters cut off both ends of a text, listed because Polars and Python disagree about control characters."""


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
    """The text on one line, with its middle left out where it is too long; quoted input may have any length."""
    text = text.replace("\n", " ")
    if len(text) <= most:
        return text
    return f"{text[: most // 2]} … {text[-(most // 2) :]}"
