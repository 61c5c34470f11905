"""HubSpot's limits from response headers. OAuth apps get no daily limit; searches get no limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

_LIMIT: Final = "X-HubSpot-RateLimit-"
_TEN_SECONDS: Final = "10000"


def usage(reply: requests.Response) -> tuple[int, int] | None:
    """Calls of the day, used and allowed."""
    daily = _numbers(reply.headers, "Daily", "Daily-Remaining")
    return (daily[0] - daily[1], daily[0]) if daily else None


def window(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """Calls that the app may send in so many milliseconds: ten seconds if there is no header."""
    return _numbers(headers, "Max", "Interval-Milliseconds", _TEN_SECONDS)


def _numbers(headers: Mapping[str, str], one: str, other: str, usual: str = "") -> tuple[int, int] | None:
    try:
        return int(headers[_LIMIT + one]), int(headers.get(_LIMIT + other) or usual)
    except (KeyError, ValueError):
        return None
