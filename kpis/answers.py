"""What a KPI's function answers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from model.helpers.words import many

if TYPE_CHECKING:
    from collections.abc import Mapping

Number: TypeAlias = Decimal | Fraction | float
Parts: TypeAlias = "Mapping[str, Any]"
Interval: TypeAlias = "tuple[Number, Number] | None"


@dataclass(frozen=True)
class Answer:
    """One value of a KPI, never rounded; if `value` is None, `why` is the reason. `interval` is at 95 %."""

    value: Number | None
    numerator: Number | None = None
    denominator: Number | None = None
    n: int = 0
    why: str = ""
    interval: Interval = None


def ratio(
    numerator: Number, denominator: Number, n: int, none: str, why: str = "", *, interval: Interval = None
) -> Answer:
    """Numerator ÷ denominator, divided once. Without a denominator there is no value; the reason is `why`, else `none`.

    `why` says what is left out: where nothing remains, that is the reason.
    """
    if not denominator:
        return Answer(None, numerator, denominator, n, why or none)
    if isinstance(numerator, int) and isinstance(denominator, int):
        value = Fraction(numerator, denominator)  # several times faster than the quotient of two fractions
    else:
        value = Fraction(numerator) / Fraction(denominator)
    return Answer(value, numerator, denominator, n, why, interval)


LEFT_OUT: Final = "left out"
NO_VALUE: Final = ("unknown", "none", "not mapped", "asked otherwise", "no target", "no spend")
"""Why there is no value, in a word: what would count lacks a fact · there is nothing to count · a fact that the KPI
needs is not mapped · the KPI has values by stage, or of a window of days, alone · there is nothing to compare with."""


def left_out(count: int, what: str, lacking: str) -> str:
    """The sentence about deals that a value leaves out; empty if there are none."""
    return f"{many(count, what)} {lacking} {LEFT_OUT}" if count else ""


def lack(answer: Answer) -> str:
    """Of an answer without a value: `unknown` where its reason counts what was left out, else `none`."""
    return "unknown" if LEFT_OUT in answer.why else "none"


BETWEEN: Final = "; "
"""Stands between notes."""


def noted(*notes: str) -> str:
    """The notes that are not empty, in one line."""
    return BETWEEN.join(filter(None, notes))
