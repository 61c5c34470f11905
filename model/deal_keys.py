"""Which deals of a connection a step is about: a slice of all of them, or some that are named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class DealKeys:
    """Deals by their keys in the store: those from `first` to `last`, and of them only those in `only` where given.

    A step that is given some deals leaves every other deal as it is.
    """

    first: int = 1
    last: int = 2**62
    only: frozenset[int] | None = None

    @classmethod
    def of(cls, keys: frozenset[int]) -> DealKeys:
        """Exactly these deals. Raises ValueError without any."""
        return cls(min(keys), max(keys), keys)


ALL_DEALS: Final = DealKeys()
