"""Random lives of deals: believable, drawn from a seed, and together they hold every kind of event."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Final

from tests.neutral.events import Event, in_order
from tests.neutral.life import BINS, LAST, LEAVERS, Life
from tests.neutral.steps import CLOSED, OPEN

CLONED: Final = 0.03
BINNED: Final = 0.03
PACES: Final = (2, 5, 9, 16, 30)
"""Days from one step to the next, of busy deals and of slow ones."""
MOST_STEPS: Final = 24
"""Few enough that no CRM forgets the oldest values of a field."""


def random_lives(deals: int, seed: int = 1) -> list[Event]:
    """Lives of so many deals, in order of time; the same arguments give the same events."""
    rng = Random(seed)  # noqa: S311 - made-up data, no secrets
    lives: list[Life] = []
    for number in range(deals):
        twin = lives[-1] if lives and rng.random() < CLONED else None
        lives.append(_live(Life(rng, f"deal {number + 1}", twin)))
    left = [Event(at, "manager", "", "left", {"owner": key}) for key, at in LEAVERS.items()]
    return in_order([*(event for life in lives for event in life.events), *left])


def _live(life: Life) -> Life:
    """From creation until the last day, until its owner leaves, or until somebody bins it."""
    life.begin()
    pace = life.rng.choice(PACES)
    for _ in range(life.rng.randint(2, MOST_STEPS)):
        life.wait(pace)
        if life.at >= LEAVERS.get(life.owner, LAST):
            return life
        kinds = OPEN if life.is_open else CLOSED
        life.rng.choices([step for step, _ in kinds], [weight for _, weight in kinds])[0](life)
    if life.chance(BINNED):
        _bin(life)
    return life


def _bin(life: Life) -> None:
    for start, end in BINS:
        if start <= life.at + timedelta(days=2) < end and life.at >= start:
            life.at += timedelta(hours=1)
            life.say("binned", "manager")
            if life.chance(0.5):
                life.at += timedelta(hours=2)
                life.say("restored", "manager")
            return
