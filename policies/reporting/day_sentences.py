"""Sentences about days: what happened when, and since when a limit is passed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from policies.reporting.since import limit_of
from policies.reporting.words import counted, day, day_after, label, low, shown

if TYPE_CHECKING:
    from policies.language import Measure
    from policies.reporting.since import Row

REACHED: Final = frozenset({">", ">="})
SIZES: Final = {
    "<": "less than {}", "<=": "at most {}", ">": "more than {}", ">=": "at least {}", "=": "exactly {}",
    "!=": "not exactly {}", "between": "{}", "not between": "not {}",
}  # fmt: skip


def dated(measure: Measure, value: date, since: date | None, row: Row, name: str) -> str:
    """A comparison of a count of days from or to a date."""
    limit = limit_of(measure, row)
    days = counted(limit, "business day" if measure.function == "business_days_since" else "day")
    if _is_past(measure, limit):
        return f"{name} {day(value)} has passed"
    if measure.function == "days_until":
        began = f" since {day_after(since, value)}" if since else ""
        if measure.operator == "between" and isinstance(limit, tuple) and limit[0] == 0:
            return f"{name} {day(value)}, within {counted(limit[1], 'day')}{began}"
        return f"{name} {day(value)}, {SIZES[measure.operator].format(days)} ahead{began}"
    if measure.operator not in REACHED:
        return f"{name} {day(value)}, {SIZES[measure.operator].format(days)} ago"
    opening = _no_touch(value, row) if measure.fact == "last_activity" else f"{name} {day(value)}"
    passed = f" since {day_after(since, value)}" if since else ""
    return f"{opening}, over the limit of {days}{passed}"


def _no_touch(value: date, row: Row) -> str:
    if row.get("touched") is False:
        return f"Never touched since it was created or re-opened on {day(value)}"
    return f"No touch since {day(value)}"


def _is_past(measure: Measure, limit: Any) -> bool:
    asked = (measure.function, measure.operator, limit)
    return asked in {("days_since", ">", 0), ("days_since", ">=", 1), ("days_until", "<", 0), ("days_until", "<=", -1)}


def stayed(measure: Measure, since: date | None, row: Row) -> str:
    """A comparison of the days in a stage: when the deal entered it, and since when it is past its days."""
    place, entered = in_stage(row), row.get("stage_since")
    days = f"{counted(limit_of(measure, row), 'day')}{_relative(measure, row)}"
    if since is None or measure.operator not in REACHED:
        return f"{place} for {SIZES[measure.operator].format(days)}"
    if entered and entered + timedelta(days=int(row[measure.fact])) == row["as_of_date"]:
        return f"{place} since {day(entered)}, past its {days} since {day_after(since, entered)}"
    visits = ", all visits together" if entered else ""
    return f"{place}{visits}, past its {days} since {day(since)}"


def in_stage(row: Row) -> str:
    """Where the deal stands: `In Negotiation`."""
    return f"In {row.get('stage_name') or 'its stage'}"


def _relative(measure: Measure, row: Row) -> str:
    """In brackets, the limit as a multiple of another fact; a default that replaces a median is named as such."""
    if not measure.of:
        return ""
    value = shown(row.get(measure.of))
    alone = measure.limit == 1 and not measure.plus
    if measure.of == "stage_median_days":
        of = f"the {value} days expected" if row.get("_median_source") == "band" else f"the stage's median of {value}"
    else:
        of = f"'{label(measure.of)}'" if alone else f"{low(label(measure.of))} {value}"
    times = "" if measure.limit == 1 else f"{shown(measure.limit)} × "
    more = f" {'+' if measure.plus > 0 else '-'} {shown(abs(measure.plus))}" if measure.plus else ""
    return f" ({times}{of}{more})"


def waited(measure: Measure, start: datetime | None, since: date | None, row: Row) -> str:
    """A comparison of the hours that a lead waits for its first touch."""
    hours = counted(limit_of(measure, row), "hour")
    if start is None or since is None:
        return f"Waiting for {SIZES[measure.operator].format(hours)}"
    return f"No touch since {day(start.date())}, past its {hours} since {day_after(since, start.date())}"
