"""The org's time, to the whole second; and instants as the API writes them."""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox import clock


class Clock(clock.Clock):
    """A clock that also tells its now as the API does."""

    def stamp(self) -> str:
        """Now in wire form."""
        return wire(self.now())


def wire(instant: datetime) -> str:
    """`2026-01-01T10:00:00.000+0000`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def unwire(text: str) -> datetime:
    """The instant that `wire` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
