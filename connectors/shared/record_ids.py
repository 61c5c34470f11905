"""Salesforce ids: 15 letters and digits that mind case, and three more that say which were capitals."""

from __future__ import annotations

from typing import Final

_SHORT, _LONG, _PART = 15, 18, 5
_MARKS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def full_id(text: str) -> str | None:
    """The 18-letter form; None for what can be no id (one such in a query would fail all of it)."""
    if len(text) not in (_SHORT, _LONG) or not (text.isascii() and text.isalnum()):
        return None
    parts = [text[start : start + _PART] for start in range(0, _SHORT, _PART)]
    marks = "".join(_MARKS[sum(letter.isupper() << place for place, letter in enumerate(part))] for part in parts)
    return text[:_SHORT] + marks if text[_SHORT:].upper() in ("", marks) else None
