"""One deal while it is lived: where it stands, and how it came into being."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from tests.neutral.events import Event
from tests.neutral.world import LOST, OWNERS, ROLES, WON, pipeline_named

if TYPE_CHECKING:
    from random import Random

FIRST: Final = datetime(2026, 2, 16, tzinfo=UTC)
LAST: Final = datetime(2026, 11, 16, tzinfo=UTC)
"""Nothing happens on the day of the last judgement."""
BINS: Final = ((FIRST, datetime(2026, 10, 1, tzinfo=UTC)), (datetime(2026, 11, 11, tzinfo=UTC), LAST))
"""When deals are binned: a CRM that only a full pass tells of it learns it at the same run as the others."""
LEAVERS: Final = {
    "r04": datetime(2026, 10, 20, 18, tzinfo=UTC), "r08": datetime(2026, 11, 12, 18, tzinfo=UTC),
}  # fmt: skip
"""Reps who leave, and when; nobody touches their deals any more."""
QUIET: Final = "Field"
REPS: Final = [owner.key for owner in OWNERS if owner.team and owner.key[1:].isdigit()]
NAMES: Final = ("Expansion", "Pilot", "Rollout", "Migration", "Analytics", "Support", "Upgrade", "Platform")
STEPS: Final = ("Send the offer", "Call procurement", "Demo with the CFO", "Security review", "Get the signature")
FILLER: Final = ("tbd", "TBD", "n/a", ".", "-", " ", None)
ISSUES: Final = ("Cap on liability", "Data residency", "tbd", ".", None)
REASONS: Final = ("Price", "No budget", "Competitor", "n/a", None)
YES_NO: Final = (
    "need_confirmed", "budget_confirmed", "proposal_acknowledged", "paper_process_known", "contract_sent",
    "terms_agreed",
)  # fmt: skip
NEW: Final = "New business"
SEGMENTS: Final = ("mid-market", "enterprise", "small", None)
CURRENCIES: Final = ("USD", "EUR", "GBP")


@dataclass
class Life:
    """One deal while it is lived; `twin` is the deal that it is a clone of."""

    rng: Random
    key: str
    twin: Life | None = None
    events: list[Event] = field(default_factory=list)
    pipeline: str = NEW
    stage: str = "discovery"
    owner: str = ""
    close: datetime = FIRST
    contacts: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    meetings: list[tuple[str, datetime]] = field(default_factory=list)
    made: int = 0
    at: datetime = FIRST

    @property
    def is_open(self) -> bool:
        """Neither won nor lost."""
        return self.stage not in {WON, LOST}

    def say(self, what: str, actor: str = "rep", /, **values: Any) -> None:
        """Something happens now."""
        self.events.append(Event(self.at, actor, self.key, what, values))

    def wait(self, pace: int) -> None:
        """Time goes by, to a minute of a working day that no judgement falls on."""
        days = min(60.0, self.rng.expovariate(1 / pace))
        later = self.at + timedelta(days=days)
        moment = later.replace(minute=self.rng.randint(2, 57), second=self.rng.randint(0, 59), microsecond=0)
        self.at = moment if moment > self.at else moment + timedelta(hours=1)

    def begin(self) -> None:
        """It comes into being, mostly with a contact or two."""
        span = (LAST - FIRST).days - 3
        # more young deals than old ones: old ones are mostly closed
        self.at = FIRST + timedelta(days=span * self.rng.random() ** 0.6, hours=self.rng.randint(0, 23))
        self.at = self.at.replace(minute=self.rng.randint(2, 57), second=self.rng.randint(0, 59), microsecond=0)
        self.owner = self.rng.choice([key for key in REPS if self.at < LEAVERS.get(key, LAST) - timedelta(days=1)])
        twin = self.twin
        if twin and twin.events[0].at < self.at and twin.owner not in LEAVERS:
            self._clone(twin)
        else:
            self._create()
        if self.chance(0.8):
            for _ in range(self.rng.randint(1, 2)):
                self._later()
                self.add_contact()

    def _later(self) -> None:
        self.at += timedelta(seconds=self.rng.randint(20, 50))

    def _clone(self, twin: Life) -> None:
        """A clone is what the original was at this moment, under a name of its own."""
        before = [event for event in twin.events if event.at <= self.at]
        self.owner = next(e.values["owner"] for e in reversed(before) if "owner" in e.values)
        place = [e for e in before if "stage" in e.values or e.what in {WON, LOST}]
        last = place[-1] if place else None
        self.stage = last.what if last and last.what in {WON, LOST} else last.values["stage"] if last else twin.stage
        self.pipeline = next((e.values["pipeline"] for e in reversed(before) if "pipeline" in e.values), twin.pipeline)
        self.close = twin.close
        if any(e.what == "binned" for e in before) or not place:
            self._create()
        else:
            self.say("cloned", **{"from": twin.key, "name": f"Copy {self.key}", "owner": self.owner})

    def _create(self) -> None:
        rng = self.rng
        self.pipeline = "Renewal" if self.chance(0.12) else NEW
        stages = [stage.key for stage in pipeline_named(self.pipeline).stages if stage.ends == "open"]
        self.stage = stages[0] if self.chance(0.85) else rng.choice(stages)
        self.close = self.at + timedelta(days=rng.randint(10, 150))
        facts = {
            "segment": rng.choices(SEGMENTS, (66, 22, 6, 6))[0],
            "source": rng.choice(("Web", "Partner", "Event", None)),
            "programme": "partner" if self.chance(0.05) else None,
            "discount_percent": rng.choice((None, None, 5, 15, 20, 25, 40)),
            **{name: True for name in YES_NO if self.chance(0.3)},
        }
        given = {
            "name": f"{rng.choice(NAMES)} {self.key}", "pipeline": self.pipeline, "stage": self.stage,
            "amount": self._amount(), "currency": rng.choices(CURRENCIES, (70, 20, 10))[0],
            "close": self.close.date().isoformat(), "owner": self.owner,
            "account": f"shared account {rng.randint(1, 60)}" if self.chance(0.1) else f"account of {self.key}",
            "next_step": rng.choice(STEPS) if self.chance(0.2) else None,
            "facts": {name: value for name, value in facts.items() if value is not None},
        }  # fmt: skip
        imported = self.chance(0.1)
        values = {name: value for name, value in given.items() if value is not None}
        self.say(*(("imported", "import") if imported else ("created", "rep")), **values)

    def _amount(self) -> int | None:
        if self.chance(0.08):
            return self.rng.choice((None, 0))
        return max(500, round(self.rng.lognormvariate(10, 1), -2).__trunc__())

    def actor(self) -> str:
        """Mostly the owner."""
        return self.rng.choices(("rep", "manager", "automation"), (90, 6, 4))[0]

    def next_key(self) -> str:
        """A name for a task or meeting of this deal."""
        self.made += 1
        return str(self.made)

    def chance(self, share: float) -> bool:
        """Whether something happens that happens to this share."""
        return self.rng.random() < share

    def add_contact(self) -> None:
        """Somebody comes in, a few of whom are on other deals as well."""
        name = f"shared {self.rng.randint(1, 40)}" if self.chance(0.06) else f"{self.key} contact {self.next_key()}"
        if name not in self.contacts:
            self.contacts.append(name)
            role = self.rng.choice((*ROLES, None))
            self.say("contact", "rep", contact=name, **({"role": role} if role else {}))
