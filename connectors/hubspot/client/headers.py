"""HubSpot's limits from response headers. OAuth apps get no daily limit; searches get no limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

_LIMIT: Final = "X-HubSpot-RateLimit-"
_TEN_SECONDS: Final = "10000"
_DIGITS: Final = 9
"""Of a limit: a longer number is none."""
_WINDOWS: Final = range(100, 3_600_001)
"""Milliseconds that a window can have."""


def usage(reply: requests.Response) -> tuple[int, int] | None:
    """Calls of the day, used and allowed."""
    daily = _numbers(reply.headers, "Daily", "Daily-Remaining")
    return (daily[0] - daily[1], daily[0]) if daily and daily[1] <= daily[0] else None


def window(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """Calls that the app may send in so many milliseconds: ten seconds if there is no header."""
    found = _numbers(headers, "Max", "Interval-Milliseconds", _TEN_SECONDS)
    return found if found and found[1] in _WINDOWS else None


def _numbers(headers: Mapping[str, str], one: str, other: str, usual: str = "") -> tuple[int, int] | None:
    """Two headers; None where one is missing or is no number that they can have."""
    found = headers.get(_LIMIT + one) or "", headers.get(_LIMIT + other) or usual
    if not all(text.isascii() and text.isdecimal() and len(text) <= _DIGITS for text in found):
        return None
    first, second = map(int, found)
    return (first, second) if first else None
