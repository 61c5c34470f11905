"""What HubSpot's replies say of its limits beside their bodies; OAuth apps are told no day, searches nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

_LIMIT: Final = "X-HubSpot-RateLimit-"
_TEN_SECONDS: Final = "10000"


def usage(reply: requests.Response) -> tuple[int, int] | None:
    """Calls of the day, used and allowed."""
    told = _numbers(reply.headers, "Daily", "Daily-Remaining")
    return (told[0] - told[1], told[0]) if told else None


def window(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """Calls that the app may send in so many milliseconds: ten seconds where none are said."""
    return _numbers(headers, "Max", "Interval-Milliseconds", _TEN_SECONDS)


def _numbers(headers: Mapping[str, str], one: str, other: str, usual: str = "") -> tuple[int, int] | None:
    try:
        return int(headers[_LIMIT + one]), int(headers.get(_LIMIT + other) or usual)
    except (KeyError, ValueError):
        return None
