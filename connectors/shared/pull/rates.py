"""Exchange rates towards the home currency, out of a CRM's rates towards its own."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from model.records import Record

Steps: TypeAlias = "Sequence[tuple[date, Decimal]]"
"""Rates of one currency by the day from which each holds."""
ALWAYS: Final = date.min
"""The day of a rate without a day."""


def towards(home: str | None, steps: Mapping[str, Steps], *, per_unit: bool) -> list[Record]:
    """RATE records of every currency towards `home`; none where the CRM has no rate of the home currency.

    `per_unit`: a rate is what one unit is worth in the CRM's own currency (HubSpot), else how many units one of the
    CRM's own is worth (Salesforce).
    """
    if home is None or home not in steps:
        return []
    to = sorted(steps[home])
    return [record for code, own in steps.items() for record in _of(code, sorted(own), to, per_unit=per_unit)]


def _of(code: str, own: Steps, home: Steps, *, per_unit: bool) -> list[Record]:
    found: list[Record] = []
    for on in sorted({on for on, _ in (*own, *home)}):
        mine, theirs = _valid(own, on), _valid(home, on)
        if mine and theirs:
            multiply, divide = (mine, theirs) if per_unit else (theirs, mine)
            day = None if on == ALWAYS else on
            found.append({
                "id": f"{code} {day.isoformat() if day else 'always'}", "currency": code, "on": day,
                "multiply": multiply, "divide": divide,
            })  # fmt: skip
    return found


def _valid(steps: Steps, on: date) -> Decimal | None:
    place = bisect_right(steps, on, key=lambda step: step[0])
    return steps[place - 1][1] if place else None
