"""Our share of a CRM's calls of the last 24 hours."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from model.errors import BudgetSpent

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connectors.shared.client.http_session import Wire

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


class Allowance(Protocol):
    """The calls that a connection has made and may make; where a store keeps them, by every process together."""

    @property
    def reserve(self) -> float:
        """The share of the CRM's daily calls that is always left to other programs."""

    @property
    def part(self) -> float:
        """The part of our share that the present work may use, from 0 to 1."""

    @property
    def allowed(self) -> int | None:
        """The CRM's daily calls as it last said, to whichever process."""

    def confirm(self) -> None:
        """Raise ConnectionBusy where another process has taken the connection over: no call may be sent any more."""

    def spent(self, own: int) -> int:
        """Our calls of the last 24 hours, with the `own` calls that the asking connector has sent so far."""

    def free_at(self, most: int) -> datetime:
        """When our calls of the last 24 hours will be fewer than `most`, if nobody calls until then."""


class Alone:
    """The allowance of a connector without a store: it counts its own calls, after `spent` earlier ones."""

    reserve = 0.05
    part = 1.0
    allowed: int | None = None

    def __init__(self, clock: Callable[[], datetime], spent: int = 0) -> None:
        self._clock, self._counted = clock, 0
        self._hours: deque[tuple[datetime, int]] = deque([(clock(), spent)] if spent else ())

    def confirm(self) -> None:
        """Nobody else works on it."""

    def spent(self, own: int) -> int:
        """Our calls of the last 24 hours; see Allowance."""
        now = self._clock()
        if own > self._counted:
            since, count = self._hours.pop() if self._hours and now - self._hours[-1][0] < _HOUR else (now, 0)
            self._hours.append((since, count + own - self._counted))
            self._counted = own
        while self._hours and now - self._hours[0][0] >= _DAY + _HOUR:
            self._hours.popleft()
        return sum(count for _, count in self._hours)

    def free_at(self, most: int) -> datetime:  # noqa: ARG002 - it is asked again each hour
        """In an hour, when it is counted again."""
        return self._clock() + _HOUR


class Share:
    """Raises before a call that is not ours to make.

    `owner`: the owner of the calls in messages ("the org"). `refilled` gives the time at which used-up calls come back.
    """

    def __init__(
        self,
        share: float,
        allowance: Allowance,
        clock: Callable[[], datetime],
        *,
        owner: str = "the org",
        refilled: Callable[[datetime], datetime] = lambda now: now + _HOUR,
    ) -> None:
        self._share, self._allowance, self._clock = share, allowance, clock
        self._owner, self._refilled = owner, refilled

    def confirm(self) -> None:
        """Raise ConnectionBusy where another process has taken the connection over. Call it last before a call."""
        self._allowance.confirm()

    def check(self, wire: Wire) -> None:
        """Raise BudgetSpent before a call that would take more than our share, or the CRM's reserve."""
        ours, allowed = self._allowance.spent(wire.calls), wire.allowed or self._allowance.allowed
        if allowed is None:
            return
        most = int(allowed * self._share * self._allowance.part)
        if ours >= most:
            part = "" if self._allowance.part == 1 else f" for this step ({self._allowance.part:.0%} of it)"
            used = f"{ours} of {most} (budget_share {self._share:g} of {allowed})"
            text = f"Our share of {self._owner}'s daily API calls{part} is used up: {used}."
            raise BudgetSpent(text, self._allowance.free_at(most))
        if wire.used is not None and wire.used >= allowed * (1 - self._allowance.reserve):
            used = f"{wire.used} of its {allowed} daily API calls"
            text = f"{self._owner.capitalize()} has used {used}; the rest is left to others."
            raise BudgetSpent(text, self._refilled(self._clock()))
