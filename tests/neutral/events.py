"""What can happen to a deal, in words of no CRM, and the file that holds it: one JSON object a line."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ACTORS: Final = ("rep", "manager", "integration", "import", "automation", "ours")
"""Who did it; `rep` is whoever owns the deal at that moment, `ours` the user that the sync logs in as."""

DEAL: Final = (
    "name", "pipeline", "stage", "amount", "currency", "close", "owner", "account", "next_step", "facts",
)  # fmt: skip
"""What a deal may be created with; `facts` holds the values of the customer's own fields."""

KINDS: Final[dict[str, tuple[str, ...]]] = {
    "created": DEAL,
    "imported": DEAL,  # as created, by a file that somebody loaded
    "cloned": ("from", "name", "owner"),
    "moved": ("stage", "pipeline"),
    "won": ("close",),
    "lost": ("close", "facts"),
    "reopened": ("stage",),
    "amount": ("amount",),
    "currency": ("currency",),
    "close date": ("on", "time"),  # time: where the CRM keeps an instant, in the portal's zone
    "next step": ("text",),
    "owner": ("owner",),
    "facts": ("facts",),
    "renamed": ("name",),
    "call": ("on", "contact"),  # on: deal (the default), contact or account
    "mail": ("on", "contact"),
    "bulk mail": ("on", "contact"),
    "note": ("on", "contact"),
    "meeting": ("key", "starts", "on", "contact"),
    "meeting cancelled": ("key",),
    "task": ("key", "due", "on", "contact", "of"),  # of: its owner, else the deal's
    "task done": ("key",),
    "contact": ("contact", "role"),
    "contact removed": ("contact",),
    "binned": (),
    "restored": (),
    "left": ("owner",),  # a rep leaves the company
}
"""Each kind of event and the values that it may carry."""


@dataclass(frozen=True)
class Event:
    """One thing that happened: when (UTC), by whom, to which deal ("" for none), what, and with which values."""

    at: datetime
    actor: str
    deal: str
    what: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ValueError for an actor, a kind or a value that nobody knows."""
        strange = set(self.values) - set(KINDS.get(self.what, ()))
        if self.what not in KINDS or self.actor not in ACTORS or strange:
            raise ValueError(f"{self.deal}: {self.actor} {self.what} {sorted(strange)} is no event")

    def line(self) -> str:
        """The event as a line of the file."""
        values = {"at": self.at.astimezone(UTC).isoformat(), "actor": self.actor, "deal": self.deal, "what": self.what}
        return json.dumps({**values, **({"values": dict(self.values)} if self.values else {})}, sort_keys=False)


def in_order(events: Iterable[Event]) -> list[Event]:
    """Events by their instant; those of one instant stay as they came."""
    return sorted(events, key=lambda event: event.at)


def write_events(events: Iterable[Event]) -> Iterator[str]:
    """The lines of an event file, in order of time."""
    return (event.line() for event in in_order(events))


def read_events(lines: Iterable[str]) -> list[Event]:
    """The events of a file; raises ValueError naming the line that is none."""
    found = []
    for number, line in enumerate(lines, 1):
        try:
            answer = json.loads(line)
            at = datetime.fromisoformat(answer["at"])
            found.append(Event(at, answer["actor"], answer["deal"], answer["what"], answer.get("values", {})))
        except (ValueError, KeyError) as error:
            raise ValueError(f"line {number}: {error}") from error
    return in_order(found)
