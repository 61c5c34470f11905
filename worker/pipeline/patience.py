"""What ends a run outlives a store that is away for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from model.errors import StoreProblem
from store import AWAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

PAUSES: Final = (1, 2, 4, 8, 15, 30)
"""Seconds between tries: together about as long as a lease."""
PASSING: Final = (*AWAY, StoreProblem)
"""What a store raises while it is away, or while its disk is full, read-only or broken."""


class Patience:
    """Tries again while pauses are left. All that ends one run shares them, so that its end is bounded."""

    def __init__(self) -> None:
        self._pauses: Iterator[int] = iter(PAUSES)

    def __call__(self, sleep: Callable[[float], None], work: Callable[[], T]) -> T:
        """Do the work. Raises what the last try raised."""
        while True:
            try:
                return work()
            except PASSING:
                pause = next(self._pauses, None)
                if pause is None:
                    raise
                sleep(pause)
