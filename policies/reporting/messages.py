"""Texts around the comparisons: moves, facts that could not be read, lists that do not fit."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from model.facts import FACTS
from policies.reporting.words import day, label, low

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

ACTIVITY_UNKNOWN: Final = {
    "late": "the activity feed is late",
    "hidden": "the CRM hides an activity of this deal from Sluicegate",
    "vanished": "an activity that was read before can no longer be read",
    "possible": "an activity may belong to this deal or to another one of the account",
    "unlogged": "this team logs too little activity to tell",
}
"""Why activity is unknown, by the word that `widen` leaves in `_activity_unknown`."""
NOT_JUDGED: Final = "Not judged"
PLACED: Final = frozenset({
    "stage", "stage_order", "created_in_stage", "stage_since", "days_in_stage", "days_in_visit", "stage_median_days",
})  # fmt: skip
"""Facts that a deal has only where a process claims it and names its stage."""
SILENCE: Final = frozenset({"last_activity", "touched", "touches_30d"})
"""Facts about whether anybody has been in touch."""
EMPTY: Final = frozenset({
    "a", "an", "and", "at", "blank", "expected", "for", "has", "in", "is", "it", "its", "limit", "more", "no", "not",
    "of", "on", "or", "over", "past", "than", "the", "time", "was", "without",
})  # fmt: skip
"""Words that do not count when a title and its reason are compared."""
ALIKE: Final = {"activity": "touch", "untouched": "touch"}
"""Words of titles that reasons say with another word."""


def missing_at(stage: str | None, moved_on: date | None, lacking: str, seen: date) -> str:
    """What a criterion lacks and when the deal moved on without it.

    Values that were not recorded at the move are judged as first seen.
    """
    missing = f"Missing at {stage or 'this stage'}: {lacking.rstrip('.')}."
    if moved_on is None:
        return missing
    text = f"{missing} Moved there on {day(moved_on)} without {'them' if ' and ' in lacking else 'it'}."
    return text if seen <= moved_on else f"{text} Judged on the values first seen on {day(seen)}."


@lru_cache(maxsize=16_384)
def with_title(title: str, text: str) -> str:
    """A title with its reason; neither of the two where the other says as much."""
    titled, reasoned = _words(title), _words(text)
    if reasoned <= titled:
        return f"{title.rstrip('.')}."
    return text if titled <= reasoned else f"{title.rstrip('.')}. {text}"


@lru_cache(maxsize=16_384)
def _words(text: str) -> frozenset[str]:
    words = set(re.findall(r"[^\W_]+", text.casefold())) - EMPTY
    return frozenset(ALIKE.get(word, word.removesuffix("s")) for word in words)


def unread(missing: Collection[str], since: date | None, activity: str | None = None, *, placed: bool = True) -> str:
    """Why something could not be judged, without the full stop.

    `activity`: a key of ACTIVITY_UNKNOWN. `placed`: a process claims the deal and names its stage.
    """
    when = f" since {day(since)}" if since else ""
    names = [label(name) for name in missing]
    if activity in ACTIVITY_UNKNOWN and any(name in FACTS and "activities" in FACTS[name].needs for name in missing):
        what = "silence" if SILENCE.issuperset(missing) else " and ".join(map(low, names))
        return f"{NOT_JUDGED} on {what}{when}: {ACTIVITY_UNKNOWN[activity]}"
    if not names:
        return f"Its values give no answer{when}"
    *most, last = [names[0], *map(low, names[1:])]
    listed = f"{', '.join(most)} and {last}" if most else last
    if not placed and PLACED.issuperset(missing):
        return f"{listed} {'are' if most else 'is'} not known{when}: no process names this deal's stage"
    return f"{listed} could not be read{when}"


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
