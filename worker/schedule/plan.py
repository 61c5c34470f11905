"""The jobs of every connection and the instants at which they are due. An instant is the same for every process."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from worker.settings_tables import ScheduleSettings

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Every:
    """Again and again after so much time."""

    period: timedelta

    def last(self, now: datetime) -> datetime:
        """The newest instant that is not after `now`."""
        return now - (now - EPOCH) % self.period

    def next(self, now: datetime) -> datetime:
        """The first instant after `now`."""
        return self.last(now) + self.period


@dataclass(frozen=True)
class Daily:
    """At a time of day, UTC; on one day of the month only, if `day` is given."""

    time: str
    day: int | None = None

    def last(self, now: datetime) -> datetime:
        """The newest instant that is not after `now`."""
        found = self._on(now)
        while found > now or (self.day and found.day != self.day):
            found -= DAY
        return found

    def next(self, now: datetime) -> datetime:
        """The first instant after `now`."""
        found = self._on(now)
        while found <= now or (self.day and found.day != self.day):
            found += DAY
        return found

    def _on(self, now: datetime) -> datetime:
        hour, minute = map(int, self.time.split(":"))
        return now.replace(hour=hour, minute=minute, second=0, microsecond=0)


@dataclass(frozen=True)
class AtOnce:
    """Whenever something waits for it; its message lives for an hour."""

    @staticmethod
    def last(now: datetime) -> datetime:
        """Now."""
        return now

    @staticmethod
    def next(now: datetime) -> datetime:
        """In an hour."""
        return now + timedelta(hours=1)


@dataclass(frozen=True)
class Planned:
    """A job: the task that does it, with its options. `at_once`: a new connection does not wait for the first time."""

    name: str
    task: str
    times: Every | Daily | AtOnce
    options: dict[str, Any] = field(default_factory=dict)
    at_once: bool = False
    of: frozenset[str] | None = None
    """The connections that have it; None: all."""


NUDGE: Final = Planned("nudge", "nudge", AtOnce(), at_once=True)
"""Reading again, at once, the deals on which somebody works."""
LOOK: Final = Planned("look", "look", Every(timedelta(seconds=50)), at_once=True)
"""Looking on which deals somebody works: so often that with sending and judging a flag goes within a minute."""
QUIET: Final = frozenset({NUDGE.name, LOOK.name})
"""Jobs that come so often that their end is no line in the log."""


def planned(times: ScheduleSettings) -> tuple[Planned, ...]:
    """The jobs of each connection."""
    often = Every(timedelta(minutes=times.incremental_minutes))
    return (
        Planned("incremental", "run", often, {"unwatched": True}, at_once=True),
        Planned("full", "run", Daily(times.full_at), {"full": True, "unwatched": True}),
        Planned("prune", "prune", Daily(times.prune_at)),
        Planned("snapshot", "freeze", Daily(times.snapshot_at)),
        Planned("calibration", "calibrate", Daily("03:30", times.calibrate_day)),
    )
