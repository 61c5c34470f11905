"""What `doctor` finds, a sentence each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from model.helpers.words import many

if TYPE_CHECKING:
    from datetime import timedelta

FindingLevel: TypeAlias = Literal["ok", "note", "warning", "away", "wrong"]
"""How bad it is.

- ok, note: nothing has to be done.
- warning: somebody should look; everything goes on.
- away: something is out of reach or used up; Sluicegate goes on by itself when it is back.
- wrong: a person has to act.
"""
TOPICS: Final = (
    "secrets", "store", "broker", "beat", "workers", "clock", "connections", "certificates", "budgets", "feeds",
    "sync", "pauses", "set aside",
)  # fmt: skip
"""In the order in which they are looked at and listed."""
_UNITS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True)
class Finding:
    """One sentence about a topic; `connection` where it is about one alone."""

    topic: str
    level: FindingLevel
    text: str
    connection: str = ""

    def to_json(self) -> dict[str, Any]:
        """The finding of docs/contract.md."""
        return asdict(self) | {"connection": self.connection or None}


def or_fine(topic: str, found: list[Finding], fine: str) -> list[Finding]:
    """What was found about a topic, or the one line that says that it is fine."""
    return found or [Finding(topic, "ok", fine)]


def span(time: timedelta) -> str:
    """A time in its largest whole unit: 3 hours."""
    seconds = max(0, int(time.total_seconds()))
    size, unit = next((one for one in _UNITS if seconds >= one[0]), _UNITS[-1])
    return many(seconds // size, unit)
