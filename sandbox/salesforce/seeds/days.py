"""Days before `as_of` as the API writes them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.seeds.days import day, seconds

if TYPE_CHECKING:
    from datetime import date
    from random import Random

__all__ = ["day", "stamp"]


def stamp(rng: Random, today: date, back: int) -> str:
    """Some instant within working hours of that day."""
    at = seconds(rng)
    return f"{day(today, back)}T{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}.000+0000"
