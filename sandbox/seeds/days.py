"""Days before `as_of`; every planted instant lies between 14:00 and 21:00 UTC. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_OPENS, _OPEN_SECONDS = 14 * 3600, 7 * 3600


@lru_cache(maxsize=10_000)
def day(today: date, back: int) -> str:
    """The date `back` days before today; negative lies ahead."""
    return (today - timedelta(days=back)).isoformat()


def seconds(rng: Random) -> int:
    """Some second of a day, within working hours."""
    return _OPENS + int(rng.random() * _OPEN_SECONDS)
