"""A KPI's value with all that stands beside it, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from kpis.answers import Answer, Number
    from kpis.dictionary import Kpi

DIGITS: Final = Context(prec=34, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True)
class KpiValue:
    """One value: of all deals (empty `dims`) or of one group of one or two dimensions; `n` is what it rests on.

    `currency`: that of the amounts in it, where there are any.
    `why` is the reason for no value, or names what the value leaves out. `first` and `last` are the window's days.
    """

    kpi: Kpi
    dims: Mapping[str, str | None]
    answer: Answer
    unit: str
    window: str
    first: date | None
    last: date | None
    as_of: datetime
    few: bool = False
    currency: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The KPI's id."""
        return self.kpi.id

    @property
    def value(self) -> Number | None:
        """The value itself."""
        return self.answer.value

    @property
    def numerator(self) -> Number | None:
        """What was divided."""
        return self.answer.numerator

    @property
    def denominator(self) -> Number | None:
        """What it was divided by."""
        return self.answer.denominator

    @property
    def n(self) -> int:
        """How many deals, visits or changes the value rests on."""
        return self.answer.n

    @property
    def why(self) -> str:
        """The reason for no value, or what the value leaves out."""
        return self.answer.why

    def json(self) -> dict[str, Any]:
        """The object of docs/contract.md."""
        answer, money = self.answer, self.kpi.unit in MONEY_UNITS
        low, high = answer.interval or (None, None)
        return {
            "id": self.id, "title": self.kpi.title, "dims": dict(self.dims),
            "value": written(answer.value, money=money), "low": written(low, money=money),
            "high": written(high, money=money), "numerator": written(answer.numerator),
            "denominator": written(answer.denominator), "unit": self.unit, "window": self.window,
            "window_from": self.first and self.first.isoformat(), "window_to": self.last and self.last.isoformat(),
            "n": answer.n, "few": self.few, "as_of": self.as_of.isoformat(), "owner": self.kpi.owner,
            "leads": self.kpi.leads, "category": self.kpi.category,
            **({"currency": self.currency} if self.currency else {}),
            **({"why": answer.why} if answer.why else {}), **self.more,
        }  # fmt: skip


MONEY_UNITS: Final = ("money", "money/day")


def written(number: Number | None, *, money: bool = False) -> str | int | float | None:
    """Money as exact decimal text (a quotient to 34 digits); a count as an integer; anything else unrounded."""
    if number is None:
        return None
    if money or isinstance(number, Decimal):
        exact = Fraction(number)
        return format(DIGITS.divide(Decimal(exact.numerator), Decimal(exact.denominator)).normalize(), "f")
    return int(number) if number == int(number) else float(number)
