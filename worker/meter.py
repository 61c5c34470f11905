"""What a connection has called and may call: counted in the store by all processes, and given up in an order."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from store import AWAY, Reported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connectors.shared.connection import ConnectionSettings
    from model.sync import Budget
    from store import Store

CHECK: Final = "check"
"""The step of calls that belong to no other: descriptions, `connection check`, `provision`, `init`."""
PARTS: Final[Mapping[str, float]] = {
    "nudge": 0.5,
    "full": 0.6, "again": 0.7, "leads": 0.8, "push": 0.9, "act": 0.9, "pull": 1.0, "clear": 1.0, CHECK: 1.0,
}  # fmt: skip
"""Step → the part of our share up to which it may call. What has the smallest part is given up first."""
WORDS: Final[Mapping[str, str]] = {
    "nudge": "reading at once the deals on which somebody works",
    "full": "the full read of the night", "again": "reading again what was set aside or came back", "leads": "leads",
    "push": "new flags and other changes on records", "act": "tasks and moves", "pull": "reading what changed",
    "clear": "taking flags off records", CHECK: "checks and descriptions",
}  # fmt: skip
GROUPS: Final[Mapping[str, str]] = {"full": "pull", "again": "pull", "leads": "pull", "clear": "push"}
"""Step → the step of a run under which its calls are listed."""
FRESH: Final = timedelta(seconds=20)
"""How long the count of the store is used before it is read again: other processes call, too."""
TRUSTED: Final = timedelta(days=1)
"""How long the CRM's daily calls are believed to be what a reply said."""
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)


@dataclass
class Meter:
    """One connection's calls in this process; connectors.shared.client.daily_budget.Allowance.

    `noted`: the calls of the connector that the store has. `step`: the present work, a key of PARTS. `open`: calls are
    being counted now. `confirm` raises where another process has taken the connection over.
    """

    name: str
    store: Store
    clock: Callable[[], datetime]
    settings: ConnectionSettings
    step: str = CHECK
    noted: int = 0
    open: bool = False
    confirm: Callable[[], None] = field(default=lambda: None, repr=False)
    _total: int = 0
    _read_at: datetime | None = None
    _reported: Reported | None = field(default=None, repr=False)

    @property
    def reserve(self) -> float:
        """The share of the CRM's daily calls that is left to others."""
        return self.settings.budget_reserve

    @property
    def part(self) -> float:
        """The part of our share that the present step may use."""
        return PARTS[self.step]

    @property
    def allowed(self) -> int | None:
        """The CRM's daily calls as it said within the last day."""
        self._refresh()
        found = self._reported
        return found.budget.allowed if found and self.clock() - found.at < TRUSTED else None

    def spent(self, own: int) -> int:
        """Our calls of the last 24 hours, with the `own` calls that our connector has sent so far."""
        self._refresh()
        return self._total + max(0, own - self.noted)

    def most(self, step: str, allowed: int) -> int:
        """The calls in 24 hours at which a step is given up."""
        return int(allowed * self.settings.budget_share * PARTS[step])

    def free_at(self, most: int) -> datetime:
        """When the calls of the last 24 hours will be fewer than `most`, if nobody calls until then."""
        now = self.clock()
        hours = self.store.calls.of_day(self.name, now)
        left = sum(one.calls for one in hours)
        for one in hours:
            left -= one.calls
            if left < most:
                return max(now, one.since + HOUR + DAY)
        return now + HOUR  # the calls are not noted yet, or none are allowed

    def note(self, calls: int, seen: Budget) -> None:
        """Note the connector's calls up to now under the present step, and what the CRM said of its limits."""
        new, self.noted = calls - self.noted, calls
        if new > 0:
            self.store.calls.note(self.name, self.clock(), self.step, new)
            self._total += new
            if seen.allowed is not None or seen.windows:
                self._reported = Reported(self.clock(), seen)
                self.store.calls.keep_limits(self.name, self._reported.at, seen)

    def _refresh(self) -> None:
        """Read the store's count, unless it was read just now. While the store is away the last count stands."""
        now = self.clock()
        if self._read_at is not None and timedelta() <= now - self._read_at < FRESH:
            return
        with suppress(*AWAY):
            self._total, self._reported = self.store.calls.count(self.name, now), self.store.calls.limits(self.name)
            self._read_at = now
