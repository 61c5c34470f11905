"""The day on which a comparison began to hold, if the facts give one."""

from __future__ import annotations

from datetime import date, timedelta
from math import ceil, floor
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal

    from model.wide import Wide
    from policies.language import Measure

Row: TypeAlias = "Mapping[str, Any]"
Limit: TypeAlias = "float | Decimal | tuple[Decimal, ...]"

IN_STAGE: Final = frozenset({"stage", "stage_name", "stage_order"})
AGEING: Final = frozenset({"days_in_stage", "days_in_visit"})


def began(measure: Measure, row: Row, wide: Wide) -> date | None:
    """The day the comparison began to hold; None if the facts do not give it."""
    value, limit = row.get(measure.fact), limit_of(measure, row)
    if measure.fact in IN_STAGE:
        entered: date | None = row.get("stage_since")
        return entered
    if measure.fact == "has_next_step" and measure.limit is False:
        due: date | None = row.get("next_step_due")
        return due + timedelta(days=1) if due and due < row["as_of_date"] else None
    if value is None or limit is None or isinstance(limit, bool):
        return None
    clock = fact.clock if (fact := wide.subject.facts.get(measure.fact)) else ""
    if measure.fact in AGEING or clock:
        return _counted(measure, value, limit, row, clock)
    return _crossed(measure, value, limit, wide) if isinstance(value, date) and measure.function else None


def _counted(measure: Measure, value: Any, limit: Any, row: Row, clock: str) -> date | None:
    """The day a fact that counts days, or hours from `clock`, crossed the limit."""
    if measure.function is not None:
        return None
    if clock:
        start: datetime | None = row.get(clock)
        passed = start is not None and measure.operator in {">", ">="}
        return (start + timedelta(hours=float(limit))).date() if start and passed else None
    least, today = _least(measure.operator, limit), row["as_of_date"]
    return None if least is None else today - timedelta(days=int(value) - least)


def _crossed(measure: Measure, day: date, limit: Any, wide: Wide) -> date | None:
    """The day a count from or to `day` crossed the limit."""
    least, most = _least(measure.operator, limit), _most(measure.operator, limit)
    if measure.function == "days_since":
        return day + timedelta(days=least) if least is not None else day
    if measure.function == "days_until" and most is not None:
        return day - timedelta(days=most)
    if measure.function == "business_days_since" and least is not None:
        return business_day_after(day, least, wide)
    return None


def business_day_after(day: date, count: int, wide: Wide) -> date:
    """The first day with `count` business days from `day` on (counted in) before it."""
    off = frozenset(wide.holidays)
    while count > 0:
        count -= day.weekday() not in wide.weekend and day not in off
        day += timedelta(days=1)
    return day


def limit_of(measure: Measure, row: Row) -> Any:
    """The limit for this deal: the constant; where it is relative to a fact, a multiple of that and a constant."""
    if measure.of is None:
        return measure.limit
    other = row.get(measure.of)
    return None if other is None else float(measure.limit) * float(other) + float(measure.plus)  # type: ignore[arg-type]  # `of` has a number


def _least(operator: str, limit: Limit) -> int | None:
    """The smallest whole count that satisfies the comparison from below."""
    low = limit[0] if isinstance(limit, tuple) else limit
    if operator == ">":
        return floor(low) + 1
    return ceil(low) if operator in {">=", "=", "between"} else None


def _most(operator: str, limit: Limit) -> int | None:
    """The largest whole count that satisfies the comparison from above."""
    high = limit[1] if isinstance(limit, tuple) else limit
    if operator == "<":
        return ceil(high) - 1
    return floor(high) if operator in {"<=", "=", "between"} else None
