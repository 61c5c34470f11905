"""The server's own time, which a test may stop, set or move; and instants as the API writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta


class Clock:
    """Tells the server's now to the whole second: real time plus an offset, or a fixed instant."""

    def __init__(self, fixed: datetime | None = None) -> None:
        self.fixed = fixed
        self.offset = timedelta()

    def now(self) -> datetime:
        """Now, in UTC, without fractions."""
        now = self.fixed or datetime.now(UTC) + self.offset  # noqa: TID251 - a server has a clock of its own
        return now.astimezone(UTC).replace(microsecond=0)

    def set(self, instant: datetime) -> None:
        """Stop the clock at this instant."""
        self.fixed = instant

    def forward(self, by: timedelta) -> None:
        """Let this much time pass at once."""
        if self.fixed:
            self.fixed += by
        else:
            self.offset += by

    def run(self) -> None:
        """Let a stopped clock go on from where it stands."""
        if self.fixed:
            self.offset = self.fixed - datetime.now(UTC)  # noqa: TID251 - a server has a clock of its own
            self.fixed = None

    def stamp(self) -> str:
        """Now in wire form."""
        return wire(self.now())

    def today(self) -> date:
        """The server's day, in UTC."""
        return self.now().date()


def wire(instant: datetime) -> str:
    """`2026-01-01T10:00:00.000+0000`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def unwire(text: str) -> datetime:
    """The instant that `wire` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
