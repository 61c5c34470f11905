"""Our share of a CRM's calls of the last 24 hours."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from model.errors import BudgetSpent

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connectors.shared.client.http_session import Wire

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_RESERVE: Final = 0.95
"""Share of the CRM's daily calls at which we stop, including calls of other programs."""


class Share:
    """Counts our calls over a rolling day; `spent` before this object was made.

    `owner`: the owner of the calls in messages ("the org"). `refilled` gives the time at which used-up calls come back.
    """

    def __init__(
        self,
        share: float,
        spent: int,
        clock: Callable[[], datetime],
        *,
        owner: str = "the org",
        refilled: Callable[[datetime], datetime] = lambda now: now + _HOUR,
    ) -> None:
        self._share, self._clock, self._owner, self._refilled = share, clock, owner, refilled
        self._hours: deque[tuple[datetime, int]] = deque([(clock(), spent)] if spent else ())
        self._counted = 0

    def check(self, wire: Wire) -> None:
        """Raise BudgetSpent before a call that would take more than our share, or the last calls of the CRM."""
        our_calls, now = self._last_day(wire), self._clock()
        if wire.used is None or wire.allowed is None:
            return
        most = int(wire.allowed * self._share)
        if our_calls >= most:
            used = f"{our_calls} of {most} (budget_share {self._share:g} of {wire.allowed})"
            raise BudgetSpent(f"Our share of {self._owner}'s daily API calls is used up: {used}.", now + _HOUR)
        if wire.used >= wire.allowed * _RESERVE:
            used = f"{wire.used} of its {wire.allowed} daily API calls"
            text = f"{self._owner.capitalize()} has used {used}; the rest is left to others."
            raise BudgetSpent(text, self._refilled(now))

    def _last_day(self, wire: Wire) -> int:
        now = self._clock()
        if wire.calls > self._counted:
            since, count = self._hours.pop() if self._hours and now - self._hours[-1][0] < _HOUR else (now, 0)
            self._hours.append((since, count + wire.calls - self._counted))
            self._counted = wire.calls
        while self._hours and now - self._hours[0][0] >= _DAY + _HOUR:
            self._hours.popleft()
        return sum(count for _, count in self._hours)
