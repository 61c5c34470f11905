"""The plan of one lead: who, how long ago, when it was answered, and what became of it. Pure.

Hours keep clear of a day's limit by two, so that a slow machine cannot turn a label.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sandbox.seeds.names import COMPANY, FIRST, KIND, LAST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

LABELS: Final = ("answered_late", "unanswered")
LIMIT: Final = 24
_CLEAR: Final = 2
_DECOYS: Final = 0.2
_ENDS: Final = ("open", "open", "open", "converted", "given_up")


@dataclass(frozen=True)
class LeadPlan:
    """Hours are counted back from now; `answered` those from the lead to the first call, None: nobody called.

    `end`: open, converted or given_up. `decoy`: the integration user logged something within the hour.
    """

    first: str
    last: str
    company: str
    hours: int
    answered: int | None
    end: str
    decoy: bool

    @property
    def labels(self) -> dict[str, bool]:
        """What is planted in a lead that is still open."""
        late = self.answered is not None and self.answered > LIMIT
        return {"answered_late": late, "unanswered": self.answered is None and self.hours > LIMIT}


def lead_plans(rng: Random, count: int) -> Iterator[LeadPlan]:
    """So many leads."""
    for number in range(count):
        hours = _clear(rng.randint(3, 200))
        answered = _answered(rng, hours)
        company = f"{rng.choice(COMPANY)} {rng.choice(KIND)} {number + 1}"
        names = rng.choice(FIRST), rng.choice(LAST)
        yield LeadPlan(*names, company, hours, answered, rng.choice(_ENDS), decoy=rng.random() < _DECOYS)


def _answered(rng: Random, hours: int) -> int | None:
    """The hours until somebody called: soon, at any time, or nobody did."""
    how = rng.choice(("soon", "late", "never"))
    after = rng.randint(1, LIMIT - _CLEAR) if how == "soon" else _clear(rng.randint(1, hours))
    return None if how == "never" or after >= hours else after


def _clear(hours: int) -> int:
    return hours if abs(hours - LIMIT) > _CLEAR else hours + 2 * _CLEAR + 1
