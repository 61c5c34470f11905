"""The one loop that sends again: for what a CRM may answer better in a moment, with growing, spread waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import tenacity

from model.errors import RetryLater

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

ATTEMPTS: Final = 6
CAP: Final = 30.0
"""Seconds: a longer wait is left to the caller, so that no worker sleeps through it."""


class Transient(RetryLater):
    """Worth another attempt now; `wait`: seconds that the CRM itself asks for."""

    def __init__(self, text: str, wait: float = 0.0) -> None:
        self.wait = wait
        super().__init__(text, max(60.0, wait))


class InDoubt(RetryLater):
    """Nobody knows whether a call was applied."""


class Again:
    """Tries a call up to six times as long as it raises Transient; other errors pass through at once."""

    def __init__(self, sleep: Callable[[float], None], random: Random) -> None:
        self._sleep, self._random = sleep, random

    def __call__(self, send: Callable[..., Any], *given: Any) -> Any:
        """What `send(*given)` gives; raises what it raised last."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, Transient) and error.wait <= CAP),
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=self._wait,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(send, *given)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait if isinstance(error, Transient) else 0.0
        return asked + self._random.uniform(0.1, min(CAP, 0.5 * 2**state.attempt_number) if not asked else 1.0)


def in_doubt(text: str) -> InDoubt:
    """For a write of which nobody knows whether it was applied."""
    return InDoubt(f"{text} The call may have been applied: read the records again before sending them again.")
