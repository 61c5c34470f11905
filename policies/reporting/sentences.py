"""Comparisons in words: dates and limits, never counters, so that a text changes only when a fact does."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from model.helpers.words import many, plural
from policies.reporting.since import AGEING, limit_of

if TYPE_CHECKING:
    from policies.language import Measure
    from policies.reporting.explanation import Because, Reason
    from policies.reporting.since import Row

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WORDS: Final = {">=": "at least", ">": "over", "<=": "at most", "<": "under", "=": "exactly", "!=": "not"}
DAY_COUNTS: Final = frozenset({"days_since", "days_until", "business_days_since"})
TICKING: Final = frozenset({"touches_30d", "hours_waiting"}) | AGEING
"""Numbers that change from day to day by themselves; texts never contain their value."""
LABELS: Final = {
    "touches_30d": "Touches in 30 days",
    "stage_median_days": "The stage's median",
    "contact_count": "Contacts on the deal",
}
"""Names for people of facts with an unclear id."""
TIMES: Final = {
    "pushes": "Close date pushed {}",
    "pushes_over_month_end": "Close date pushed over a month's end {}",
}
"""Facts that count how often something happened."""
IN_STAGE: Final = {"days_in_stage": "in its stage", "days_in_visit": "on this visit of its stage"}
STAYED: Final = {
    ">": "Over {}", ">=": "At least {}", "<": "Under {}", "<=": "At most {}", "=": "Exactly {}",
    "between": "Between {}",
}  # fmt: skip
NEVER_SO: Final = {
    "has_next_step": "No next step written in this stage, no open task, no meeting ahead",
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
    """A sentence for each reason; steady reasons only where there are no others."""
    reasons = [r for r in because.reasons if not r.steady] or list(because.reasons)
    return " ".join(dict.fromkeys(f"{sentence(r, row)}." for r in reasons))


def sentence(reason: Reason, row: Row) -> str:
    """One comparison that holds, without the full stop."""
    measure = reason.measure
    if measure is None:
        return "Its condition holds"
    value = row.get(measure.fact)
    if value is None:
        return f"{label(measure.fact)} is blank"
    if measure.fact == "stage":
        return f"Its stage is {row.get('stage_name') or shown(value)}"
    if measure.function in DAY_COUNTS and measure.limit is not None:
        return _dated(measure, value, row)
    if measure.fact in TICKING:
        return _ticking(measure, reason.since, row)
    return _yes_no(measure.fact, value, row) if isinstance(measure.limit, bool) else _compared(measure, value, row)


def _dated(measure: Measure, value: date, row: Row) -> str:
    limit = limit_of(measure, row)
    kind = "business day" if measure.function == "business_days_since" else "day"
    if measure.fact == "last_activity" and measure.operator in {">=", ">"}:
        opening = "Never touched since" if row.get("touched") is False else "No touch since"
        return f"{opening} {day(value)}; limit {_counted(limit, kind)}"
    if _is_past(measure, limit):
        return f"{label(measure.fact)} {day(value)} has passed"
    ahead = " ahead" if measure.function == "days_until" else ""
    return f"{label(measure.fact)} {day(value)}; limit {_counted(limit, kind)}{ahead}"


def _is_past(measure: Measure, limit: Any) -> bool:
    asked = (measure.function, measure.operator, limit)
    return asked in {("days_since", ">", 0), ("days_since", ">=", 1), ("days_until", "<", 0), ("days_until", "<=", -1)}


def _ticking(measure: Measure, since: date | None, row: Row) -> str:
    limit = limit_of(measure, row)
    relative = f" ({shown(measure.limit)} × {_relative_to(measure.of, row)})" if measure.of else ""
    if measure.fact in IN_STAGE and measure.operator in STAYED:
        asked = f"{STAYED[measure.operator].format(_counted(limit, 'day'))} {IN_STAGE[measure.fact]}"
    else:
        asked = f"{label(measure.fact)} {WORDS.get(measure.operator, measure.operator)} {_limit(limit)}"
    return f"{asked}{relative}" + (f" since {day(since)}" if since else "")


def _relative_to(fact: str, row: Row) -> str:
    """The fact that a limit is a multiple of, with its value; a default that replaces a median is named as such."""
    if fact == "stage_median_days" and row.get("_median_source") == "band":
        return f"the expected {shown(row.get(fact))} days"
    return f"{label(fact).lower()} {shown(row.get(fact))}"


def _yes_no(fact: str, value: bool, row: Row) -> str:
    due = row.get("next_step_due")
    if fact == "has_next_step" and not value and due and due < row["as_of_date"]:
        return f"The next step was due on {day(due)}"
    if value is False and fact in NEVER_SO:
        return NEVER_SO[fact]
    return f"{label(fact)}: {shown(value)}"


def _compared(measure: Measure, value: Any, row: Row) -> str:
    limit = limit_of(measure, row)
    times = TIMES[measure.fact].format(many(value, "time")) if measure.fact in TIMES else None
    counted = times or f"{label(measure.fact)} {shown(value)}"
    if measure.operator in {"<", "<=", ">", ">="}:
        return f"{counted}; limit {_limit(limit)}"
    if measure.operator in {"between", "not between"}:
        return f"{counted}; {measure.operator} {shown(limit[0])} and {shown(limit[1])}"
    if measure.operator in {"=", "in", "is not blank", "contains"}:
        if isinstance(value, int | float | Decimal):
            return times or f"{label(measure.fact)}: {shown(value)}"
        return f"{label(measure.fact)} is {shown(value)}"
    if measure.operator == "does not contain":
        return f"{label(measure.fact)} {shown(value)} without {shown(limit)}"
    return f"{label(measure.fact)} is {shown(value)}, not {shown(limit)}"


def _limit(limit: Any) -> str:
    return " to ".join(map(shown, limit)) if isinstance(limit, tuple) else shown(limit)


def _counted(limit: Any, noun: str) -> str:
    return f"{_limit(limit)} {noun if limit == 1 else plural(noun)}"
