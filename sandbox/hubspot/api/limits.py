"""How often the portal may be called: ten-second windows by app, a day and searches by portal."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sandbox.hubspot.errors import rate_limited
from sandbox.hubspot.settings import OAUTH_WINDOW

if TYPE_CHECKING:
    from datetime import date

    from sandbox.hubspot.api.tokens import Token
    from sandbox.hubspot.clock import Clock
    from sandbox.hubspot.settings import Settings

_WINDOW = 10.0


class Limits:
    """Counts calls and refuses those that are too many."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._windows: dict[int, deque[float]] = {}
        self._searches: deque[float] = deque()
        self._day: date | None = None
        self._used = 0

    @property
    def used(self) -> int:
        """Calls of all private apps today, by the portal's own midnight."""
        self._open_day()
        return self._used

    @used.setter
    def used(self, count: int) -> None:
        self._open_day()
        self._used = count

    def _open_day(self) -> None:
        today = self._clock.now().astimezone(ZoneInfo(self._settings.zone)).date()
        if today != self._day:
            self._day, self._used = today, 0

    def spend(self, token: Token, *, search: bool) -> None:
        """Count a call of an app; raises the 429 of the policy that it breaks."""
        if not token.oauth and self._settings.most_a_day and self.used >= self._settings.most_a_day:
            raise rate_limited("DAILY", f"publicapi:private-apps-daily:{token.app_id}")
        if search:
            self._search(token)
        elif self.left(token) == 0:
            raise rate_limited("TEN_SECONDLY_ROLLING", f"publicapi:private-apps-ten-secondly:{token.app_id}")
        else:
            self._windows.setdefault(token.app_id, deque()).append(self._clock.ticks())
        if not token.oauth:
            self.used += 1

    def _search(self, token: Token) -> None:
        most, now = self._settings.searches, self._clock.ticks()
        _forget(self._searches, now - 1.0)
        if most and len(self._searches) >= most:
            raise rate_limited("SECONDLY", f"publicapi:crm:search:{self._settings.portal_id}:{token.app_id}")
        self._searches.append(now)

    def most(self, token: Token) -> int:
        """Calls that the app may make in ten seconds; 0: any number."""
        if token.oauth and self._settings.window is None:
            return OAUTH_WINDOW
        return self._settings.most_calls

    def left(self, token: Token) -> int:
        """Calls that the app may still make in this window; many where there is no limit."""
        calls = self._windows.get(token.app_id, deque())
        _forget(calls, self._clock.ticks() - _WINDOW)
        most = self.most(token)
        return max(0, most - len(calls)) if most else 1_000_000

    def headers(self, token: Token) -> dict[str, str]:
        """The headers about limits; OAuth apps get none about the day."""
        found: dict[str, str] = {}
        if self.most(token):
            found = {
                "X-HubSpot-RateLimit-Max": str(self.most(token)),
                "X-HubSpot-RateLimit-Remaining": str(self.left(token)),
                "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            }
        if token.oauth or not self._settings.most_a_day:
            return found
        most = self._settings.most_a_day
        daily = {
            "X-HubSpot-RateLimit-Daily": str(most),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, most - self.used)),
        }
        return found | daily


def _forget(calls: deque[float], before: float) -> None:
    while calls and calls[0] <= before:
        calls.popleft()
