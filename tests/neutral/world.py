"""Who works there and what they sell: owners, pipelines, stages and own fields, the same for every CRM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

ZONE: Final = "America/New_York"
"""The zone of the company, of its CRM account and of whoever has none of their own."""
HOME: Final = "USD"


@dataclass(frozen=True)
class Owner:
    """A rep, by a short key; `team` None: in none."""

    key: str
    first: str
    last: str
    team: str | None = None
    zone: str = ZONE

    @property
    def name(self) -> str:
        """As a CRM shows it."""
        return f"{self.first} {self.last}"

    @property
    def login(self) -> str:
        """Login and mail address."""
        return f"{self.key}@acme.example"


@dataclass(frozen=True)
class Stage:
    """A stage of a pipeline; `chance` in percent."""

    key: str
    label: str
    ends: Literal["open", "won", "lost"] = "open"
    chance: int = 50


@dataclass(frozen=True)
class Pipeline:
    """A pipeline with its stages in order."""

    name: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True)
class OwnField:
    """A field that the customer added to deals."""

    key: str
    kind: Literal["yes/no", "text", "number", "choice"]
    choices: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The same in every CRM, for reasons name a field as the CRM does."""
        return self.key.replace("_", " ").capitalize()


MANAGER: Final = Owner("mona", "Mona", "Vance")
INTEGRATION: Final = Owner("dialer", "Dial", "Robot")
IMPORTER: Final = Owner("loader", "Data", "Loader")
STAFF: Final = (MANAGER, INTEGRATION, IMPORTER)
"""People and machines that own no deal."""

OWNERS: Final = (
    Owner("rita", "Rita", "Ross"),
    Owner("liam", "Liam", "Lang", zone="America/Los_Angeles"),
    Owner("aiko", "Aiko", "Abe", zone="Asia/Tokyo"),
    Owner("lena", "Lena", "Lind", zone="Europe/Berlin"),
    Owner("ivo", "Ivo", "Ilic"),
    Owner("quinn", "Quinn", "Quist", team="Quiet"),
    Owner("bess", "Bess", "Burke", team="Busy"),
    *(
        Owner(f"r{number:02}", f"Ray{number:02}", team, team=team, zone=zone)
        for number, (team, zone) in enumerate(
            [(team, zone) for team, zone in (
                ("North", ZONE), ("South", "America/Chicago"), ("Overseas", "Europe/Berlin"), ("Field", ZONE),
            ) for _ in range(4)], 1,
        )
    ),
)  # fmt: skip
"""The first five are in no team; r01 to r16 own the random lives, and the team Field logs almost nothing."""

WON, LOST = "won", "lost"
PIPELINES: Final = (
    Pipeline("New business", (
        Stage("discovery", "Discovery", chance=10),
        Stage("evaluation", "Evaluation", chance=25),
        Stage("security", "Security Review", chance=35),
        Stage("proposal", "Proposal", chance=50),
        Stage("negotiation", "Negotiation", chance=75),
        Stage("commit", "Commit", chance=90),
        Stage("parked", "Parked", chance=5),
        Stage(WON, "Closed Won", "won", 100),
        Stage(LOST, "Closed Lost", "lost", 0),
    )),
    Pipeline("Renewal", (
        Stage("due", "Due", chance=60),
        Stage("offered", "Offered", chance=80),
        Stage(WON, "Closed Won", "won", 100),
        Stage(LOST, "Closed Lost", "lost", 0),
    )),
)  # fmt: skip

FIELDS: Final = (
    OwnField("segment", "choice", ("mid-market", "enterprise", "small")),
    OwnField("programme", "text"),
    OwnField("source", "choice", ("Web", "Partner", "Event")),
    OwnField("need_confirmed", "yes/no"),
    OwnField("budget_confirmed", "yes/no"),
    OwnField("proposal_acknowledged", "yes/no"),
    OwnField("paper_process_known", "yes/no"),
    OwnField("contract_sent", "yes/no"),
    OwnField("terms_agreed", "yes/no"),
    OwnField("outstanding_issue", "text"),
    OwnField("loss_reason", "text"),
    OwnField("discount_percent", "number"),
)
ROLES: Final = ("Economic Buyer", "Evaluator", "Business User")
RATES: Final = (("EUR", "2026-01-01", "1.10"), ("EUR", "2026-07-01", "1.20"), ("GBP", "2027-01-01", "1.30"))
"""Currency, first day and rate to the home currency: for a pound nobody can say a rate before 2027."""


def pipeline_named(name: str) -> Pipeline:
    """A pipeline by its name; raises StopIteration."""
    return next(pipeline for pipeline in PIPELINES if pipeline.name == name)


def login_of(key: str) -> str:
    """The login of an owner or the manager by their key; raises StopIteration."""
    return next(owner.login for owner in (*OWNERS, MANAGER) if owner.key == key)
