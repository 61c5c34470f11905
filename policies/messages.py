"""What people read: sentences with dates and limits, never counters, so that a text changes only when a fact does."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from model.facts import FACTS
from policies.evidence import AGEING, limit_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from policies.evidence import Because, Reason, Row
    from policies.language.condition import Measure

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WORDS: Final = {">=": "at least", ">": "over", "<=": "at most", "<": "under", "=": "exactly", "!=": "not"}
DAY_COUNTS: Final = frozenset({"days_since", "days_until", "business_days_since"})
TICKING: Final = frozenset({"touches_30d"}) | AGEING
"""Numbers that change by themselves from day to day: their value never stands in a text."""
LABELS: Final = {
    "touches_30d": "Touches in 30 days",
    "pushes": "Close date pushes",
    "pushes_over_month_end": "Close date pushes over a month's end",
    "stage_median_days": "The stage's median",
}
"""Facts whose name alone does not tell people what they are."""
ACTIVITY_UNKNOWN: Final = {
    "late": "the activity feed is late",
    "hidden": "the CRM shows an activity that we may not read",
    "vanished": "an activity that was read before cannot be read any more",
    "possible": "an activity may belong to another deal of the account",
    "unlogged": "the owner's team logs almost nothing",
}
"""Why activity is unknown, by the word that `widen` leaves in `_activity_unknown`."""
NEVER_SO: Final = {
    "has_next_step": "No next step",
    "owner_is_active": "Its owner can no longer log in",
    "has_economic_buyer": "No economic buyer",
    "has_champion": "No champion",
}
"""Sentences for a yes/no fact that is false."""


def day(value: date) -> str:
    """A date as people write it: 3 Nov 2026."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def label(fact: str) -> str:
    """A fact's name for people."""
    return LABELS.get(fact) or fact.replace("_", " ").capitalize()


def shown(value: Any) -> str:
    """A value for people: dates, numbers with thousands, words."""
    match value:
        case None:
            return "blank"
        case bool():
            return "yes" if value else "no"
        case date():
            return day(value)
        case int() | float() | Decimal():
            return f"{round(Decimal(str(value)), 2).normalize():,f}"
        case list() | tuple():
            return ", ".join(map(shown, value)) or "none"
        case _:
            return f"'{value}'"


def because_text(because: Because, row: Row) -> str:
    """One sentence for each reason, those that only say which deal it is left out where there are others."""
    telling = [r for r in because.reasons if not r.steady] or list(because.reasons)
    return " ".join(dict.fromkeys(f"{sentence(r, row)}." for r in telling))


def sentence(reason: Reason, row: Row) -> str:
    """One comparison that holds, without the full stop."""
    measure = reason.measure
    if measure is None:
        return "Its condition holds"
    value = row.get(measure.fact)
    if value is None:
        return f"{label(measure.fact)} is blank"
    if measure.function in DAY_COUNTS and measure.limit is not None:
        return _dated(measure, value, row)
    if measure.fact in TICKING:
        return _ticking(measure, reason.since, row)
    return _yes_no(measure.fact, value) if isinstance(measure.limit, bool) else _compared(measure, value, row)


def _dated(measure: Measure, value: date, row: Row) -> str:
    limit = limit_of(measure, row)
    kind = "business days" if measure.function == "business_days_since" else "days"
    if measure.fact == "last_activity" and measure.operator in {">=", ">"}:
        opening = "Never touched since" if row.get("touched") is False else "No touch since"
        return f"{opening} {day(value)}; limit {_limit(limit)} {kind}"
    if _is_past(measure, limit):
        return f"{label(measure.fact)} {day(value)} has passed"
    ahead = " ahead" if measure.function == "days_until" else ""
    return f"{label(measure.fact)} {day(value)}; limit {_limit(limit)} {kind}{ahead}"


def _is_past(measure: Measure, limit: Any) -> bool:
    asked = (measure.function, measure.operator, limit)
    return asked in {("days_since", ">", 0), ("days_since", ">=", 1), ("days_until", "<", 0), ("days_until", "<=", -1)}


def _ticking(measure: Measure, since: date | None, row: Row) -> str:
    limit = limit_of(measure, row)
    unit = FACTS[measure.fact].unit
    relative = f" ({shown(measure.limit)} × {_relative_to(measure.of, row)})" if measure.of else ""
    asked = f"{label(measure.fact)} {WORDS.get(measure.operator, measure.operator)} {_limit(limit)}"
    asked = f"{asked} {unit}" if unit not in {"", "touches"} else asked
    return f"{asked}{relative}" + (f" since {day(since)}" if since else "")


def _relative_to(fact: str, row: Row) -> str:
    """The fact that a limit is a multiple of, with its value; a band that stands in for a median is called so."""
    if fact == "stage_median_days" and row.get("_median_source") == "band":
        return f"the expected {shown(row.get(fact))} days"
    return f"{label(fact).lower()} {shown(row.get(fact))}"


def _yes_no(fact: str, value: bool) -> str:
    if value is False and fact in NEVER_SO:
        return NEVER_SO[fact]
    return f"{label(fact)}: {shown(value)}"


def _compared(measure: Measure, value: Any, row: Row) -> str:
    limit = limit_of(measure, row)
    if measure.operator in {"<", "<=", ">", ">="}:
        return f"{label(measure.fact)} {shown(value)}; limit {_limit(limit)}"
    if measure.operator in {"between", "not between"}:
        return f"{label(measure.fact)} {shown(value)}; {measure.operator} {shown(limit[0])} and {shown(limit[1])}"
    if measure.operator in {"=", "in", "is not blank", "contains"}:
        return f"{label(measure.fact)} is {shown(value)}"
    if measure.operator == "does not contain":
        return f"{label(measure.fact)} {shown(value)} without {shown(limit)}"
    return f"{label(measure.fact)} is {shown(value)}, not {shown(limit)}"


def _limit(limit: Any) -> str:
    return " to ".join(map(shown, limit)) if isinstance(limit, tuple) else shown(limit)


def first_seen(text: str, seen: date) -> str:
    """The text with the day we first said so, for what the facts cannot date."""
    return f"{text.removesuffix('.')}; first seen {day(seen)}."


def moved_without(to_stage: str | None, moved_on: date, text: str, seen: date) -> str:
    """A criterion that a move missed; values at the move that nobody recorded are judged as first seen."""
    told = f"Moved to {(to_stage or 'its stage').replace('-', ' ')} on {day(moved_on)} without it. {text}"
    return told if seen <= moved_on else f"{told} Judged on the values first seen on {day(seen)}."


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
