"""Texts around the comparisons: moves, facts that could not be read, lists that do not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.facts import FACTS
from policies.reporting.sentences import day, label

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

ACTIVITY_UNKNOWN: Final = {
    "late": "the activity feed is late",
    "hidden": "the CRM shows an activity that we may not read",
    "vanished": "an activity that was read before cannot be read any more",
    "possible": "an activity may belong to another deal of the account",
    "unlogged": "the owner's team logs almost nothing",
}
"""Why activity is unknown, by the word that `widen` leaves in `_activity_unknown`."""


def first_seen(text: str, seen: date) -> str:
    """The text with the day on which the flag was first seen, if the facts give no day."""
    return f"{text.removesuffix('.')}; first seen {day(seen)}."


def moved_without(to_name: str | None, moved_on: date, text: str, seen: date) -> str:
    """A criterion that a move missed; values that were not recorded at the move are judged as first seen."""
    moved = f"Moved to {to_name or 'its stage'} on {day(moved_on)} without it. {text}"
    return moved if seen <= moved_on else f"{moved} Judged on the values first seen on {day(seen)}."


def unread(missing: Collection[str], since: date | None, activity: str | None = None) -> str:
    """Why something could not be judged, without the full stop; `activity`: a key of ACTIVITY_UNKNOWN."""
    names = [label(name) for name in missing]
    when = f" since {day(since)}" if since else ""
    if activity in ACTIVITY_UNKNOWN and any(name in FACTS and "activities" in FACTS[name].needs for name in missing):
        when = f"{when} ({ACTIVITY_UNKNOWN[activity]})"
    if not names:
        return f"Its values give no answer{when}"
    return f"{' and '.join(names)} could not be read{when}"


def withdrawn(why: str, hold_days: int) -> str:
    """The same, where an earlier flag was withdrawn for it."""
    return f"{why}; its flag was withdrawn after {hold_days} days"


def whole(parts: list[str], length: int, joint: str, more: str = "and {} more") -> str | None:
    """Whole parts within `length` characters (0: no bound), ending in how many were left out; None for none."""
    for kept in range(len(parts), -1, -1):
        left = len(parts) - kept
        text = joint.join([*parts[:kept], more.format(left)] if left else parts)
        if not length or len(text) <= length:
            return text or None
    return None
