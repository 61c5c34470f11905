"""A server's own time, which a test may stop, set or move."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar


class Clock:
    """Tells the server's now: real time plus an offset, or a fixed instant."""

    step: ClassVar[int] = 1_000_000
    """Microseconds to which instants are cut."""

    def __init__(self, fixed: datetime | None = None) -> None:
        self.fixed = fixed
        self.offset = timedelta()
        self._leapt = 0.0

    def now(self) -> datetime:
        """Now, in UTC, cut to the clock's step."""
        now = (self.fixed or datetime.now(UTC) + self.offset).astimezone(UTC)  # noqa: TID251 - a server has a clock
        return now.replace(microsecond=now.microsecond // self.step * self.step)

    def set(self, instant: datetime) -> None:
        """Stop the clock at this instant."""
        self._leapt += max(0.0, (instant - self.now()).total_seconds())
        self.fixed = instant

    def forward(self, by: timedelta) -> None:
        """Let this much time pass at once."""
        self._leapt += by.total_seconds()
        if self.fixed:
            self.fixed += by
        else:
            self.offset += by

    def run(self) -> None:
        """Let a stopped clock go on from where it stands."""
        if self.fixed:
            self.offset = self.fixed - datetime.now(UTC)  # noqa: TID251 - a server has a clock of its own
            self.fixed = None

    def ticks(self) -> float:
        """Seconds for rate limits: they pass though the clock stands still, and leap with it."""
        return time.monotonic() + self._leapt

    def today(self) -> date:
        """The server's day, in UTC."""
        return self.now().date()
