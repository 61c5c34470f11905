"""The portal's time, to the millisecond; instants are whole milliseconds since 1970, texts as the API writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache

from sandbox import clock


class Clock(clock.Clock):
    """A clock of milliseconds."""

    step = 1_000

    def ms(self) -> int:
        """Now."""
        return millis(self.now())


def millis(instant: datetime) -> int:
    """Milliseconds since 1970."""
    return round(instant.timestamp() * 1000)


@lru_cache(maxsize=200_000)
def iso(at: int) -> str:
    """`2026-11-15T12:00:00.250Z`; without a fraction where it is zero."""
    seconds, fraction = divmod(at, 1000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{fraction:03}Z" if fraction else f"{text}Z"


@lru_cache(maxsize=200_000)
def moment(text: str) -> int:
    """The instant that a text names: milliseconds, an ISO instant or a date; raises ValueError."""
    digits = text.removeprefix("-")
    if digits.isdigit():
        return int(text)
    found = datetime.fromisoformat(text)
    return millis(found if found.tzinfo else found.replace(tzinfo=UTC))


def day(text: str) -> str:
    """The date that a text names: a date, or an instant at midnight UTC; raises ValueError."""
    if len(text) == 10 and text[4] == "-":  # noqa: PLR2004 - 2026-01-01
        return date.fromisoformat(text).isoformat()
    at = datetime.fromtimestamp(moment(text) / 1000, UTC)
    if at.hour or at.minute or at.second or at.microsecond:
        raise ValueError("not at midnight UTC")
    return at.date().isoformat()
