"""A made-up org for the audit of KPIs: lives of deals with everything that makes a figure go wrong.

Deals are opened again, go backward, skip stages, move twice in a second or are created closed. Amounts are zero, blank,
in euros with dated rates or in yen without one. Close dates are edited, owners live in four zones, and of every 1,200
deals 40 are deleted. Two processes have stages of the same id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, Final

from tests.neutral.events import Event, in_order
from tests.neutral.world import OWNERS

FIRST: Final = datetime(2025, 3, 3, tzinfo=UTC)
LAST: Final = datetime(2026, 11, 15, tzinfo=UTC)
AS_OF: Final = datetime(2026, 11, 16, 17, tzinfo=UTC)
RATES: Final = (("EUR", "2024-01-01", "1.10"), ("EUR", "2026-03-15", "1.25"), ("JPY", "2027-01-01", "0.01"))
"""Currency, first day and rate to the home currency; for a yen nobody can say a rate before 2027."""
STAGES: Final = {
    "New business": {"discovery": "discovery", "evaluation": "evaluation", "proposal": "proposal",
                     "negotiation": "negotiation"},
    "Renewal": {"due": "discovery", "offered": "proposal"},
}  # fmt: skip
"""Stages of each pipeline in order: the CRM's key and the id in the process file."""
REPS: Final = [owner.key for owner in OWNERS if owner.key in {"aiko", "quinn"} or owner.key[1:].isdigit()]
IMPORTED, DELETED, QUICK, TWIN, RENEWAL, HANDED = 0.06, 40 / 1200, 0.02, 0.06, 0.25, 0.04
REASONS: Final = ("Price", "Competitor", None)
STEPS: Final = ("next", "skip", "back", "win", "lose", "edit close", "edit amount", "hand over")
WEIGHTS: Final = (40, 8, 9, 12, 14, 10, 4, 3)


def lives(deals: int, seed: int = 1) -> list[Event]:
    """The lives of so many deals, in order of time; the same arguments give the same events."""
    rng = Random(seed)  # noqa: S311 - made-up data, no secrets
    return in_order(event for number in range(deals) for event in Life(rng, f"deal {number + 1}").live())


@dataclass
class Life:
    """One deal while it is lived."""

    rng: Random
    key: str
    events: list[Event] = field(default_factory=list)
    at: datetime = FIRST
    pipeline: str = "New business"
    stage: str = ""

    @property
    def stages(self) -> list[str]:
        """The open stages of its pipeline, in order."""
        return list(STAGES[self.pipeline])

    def live(self) -> list[Event]:
        """All that happens to it."""
        self.at = FIRST + (LAST - FIRST) * self.rng.random() ** 0.8
        self.at = self.at.replace(microsecond=0)
        self.pipeline = "Renewal" if self.chance(RENEWAL) else "New business"
        if self.chance(IMPORTED):
            self.imported()
        else:
            self.create(self.rng.choices(self.stages, [6] + [1] * (len(self.stages) - 1))[0], self.ahead())
            if self.chance(QUICK):
                self.at += timedelta(minutes=self.rng.randint(1, 50))
                self.close(self.rng.choice(("won", "lost")), self.at.date())
        while self.wait():
            self.step()
        if self.chance(DELETED):
            self.at = min(max(self.at, FIRST), LAST) + timedelta(hours=1)
            self.say("binned", "manager")
        return self.events

    def chance(self, share: float) -> bool:
        """Whether something happens that happens to this share."""
        return self.rng.random() < share

    def ahead(self) -> date:
        """A close date to hope for."""
        return (self.at + timedelta(days=self.rng.randint(-5, 150))).date()

    def say(self, what: str, actor: str = "rep", /, **values: Any) -> None:
        """Something happens now."""
        self.events.append(Event(self.at, actor, self.key, what, values))

    def wait(self) -> bool:
        """Time goes by; whether any is left. Deals that are over mostly stay so."""
        over = self.stage in {"won", "lost"}
        if over and not self.chance(0.12):
            return False
        later = self.at + timedelta(seconds=round(86_400 * self.rng.expovariate(1 / 14)) + 1)
        self.at = later if later < LAST else self.at
        return later < LAST

    def create(self, stage: str, close: date) -> None:
        """It comes into being."""
        self.stage = stage
        facts = {
            "segment": self.rng.choice(("mid-market", "enterprise", "small", None)),
            "source": self.rng.choice(("Web", "Partner", None)),
        }
        given = {
            "name": self.key, "pipeline": self.pipeline, "stage": stage, "amount": self.amount(),
            "currency": self.rng.choices(("USD", "EUR", "JPY"), (70, 20, 10))[0], "close": close.isoformat(),
            "owner": self.rng.choice(REPS), "facts": {name: value for name, value in facts.items() if value},
        }  # fmt: skip
        self.say("created", **{name: value for name, value in given.items() if value is not None})

    def amount(self) -> int | None:
        """Sometimes zero or none."""
        return self.rng.choice((0, None)) if self.chance(0.15) else self.rng.randint(5, 900) * 100

    def imported(self) -> None:
        """It comes from another CRM, closed long ago, at once or a moment later."""
        ended, closed = self.rng.choice(("won", "lost")), (self.at - timedelta(days=self.rng.randint(20, 400))).date()
        if self.chance(0.5):
            self.create(ended, closed)
            return
        self.create(self.rng.choice(self.stages), closed)
        self.at += timedelta(seconds=self.rng.randint(0, 3000))
        self.close(ended, closed)

    def close(self, stage: str, day: date) -> None:
        """It is won or lost."""
        self.stage = stage
        reason = self.rng.choice(REASONS) if stage == "lost" else None
        facts = {"facts": {"loss_reason": reason}} if reason else {}
        self.say(stage, close=day.isoformat(), **facts)

    def step(self) -> None:
        """The next thing that happens."""
        if self.stage in {"won", "lost"}:
            self.stage = self.rng.choice(self.stages)
            self.say("reopened", stage=self.stage)
            self.say("close date", on=self.ahead().isoformat())
            return
        match self.rng.choices(STEPS, WEIGHTS)[0]:
            case "win":
                self.close("won", self.at.date())
            case "lose":
                self.close("lost", self.at.date() - timedelta(days=self.rng.choice((0, 0, 3))))
            case "edit close":
                self.say("close date", on=self.ahead().isoformat())
            case "edit amount":
                self.say("amount", amount=self.rng.randint(5, 900) * 100)
            case "hand over":
                self.say("owner", owner=self.rng.choice(REPS))
            case step:
                self.move({"next": 1, "skip": 2, "back": -1}[step])

    def move(self, by: int) -> None:
        """To another open stage, sometimes through two in a second."""
        here = self.stages.index(self.stage)
        there = self.stages[max(0, min(len(self.stages) - 1, here + by))]
        if there == self.stage:
            return
        self.stage = there
        self.say("moved", stage=there)
        if self.chance(TWIN):
            self.stage = self.rng.choice([stage for stage in self.stages if stage != there])
            self.say("moved", stage=self.stage)
