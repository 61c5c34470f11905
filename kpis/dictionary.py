"""What a KPI is: its dictionary entry, the aggregates it asks for, and the function that makes its value."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import polars as pl

from model.helpers.words import many

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

Number: TypeAlias = Decimal | Fraction | float
Parts: TypeAlias = "Mapping[str, Any]"
Population: TypeAlias = Literal["deals", "entries", "visits"]
Clock: TypeAlias = Literal["as_of", "closed", "entered", "left", "target period"]

DEAL_DIMS: Final = ("owner", "team", "segment", "pipeline", "region", "source", "product")
TIME_DIMS: Final = ("month", "quarter")
DIMS: Final = ("owner", "team", "segment", "pipeline", "stage", "region", "source", "product", *TIME_DIMS)
"""Names that `by` takes."""
PLACES: Final = Decimal("0.000001")
"""Values are rounded once, half to even, to money's own scale."""


@dataclass(frozen=True)
class Answer:
    """One value of a KPI before it is rounded; if `value` is None, `why` is the reason."""

    value: Number | None
    numerator: Number | None = None
    denominator: Number | None = None
    n: int = 0
    why: str = ""


@dataclass(frozen=True)
class KpiValue:
    """One value: of all deals (empty `dims`) or of one group of one dimension; `n` is what it rests on.

    `value`, `numerator` and `denominator` are exact or rounded to six places. `why` is the reason for no value,
    or names what the value leaves out.
    """

    id: str
    dims: Mapping[str, str | None]
    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    unit: str
    window: str
    n: int
    as_of: datetime
    why: str = ""

    def json(self) -> dict[str, Any]:
        """The object of docs/contract.md; `why` only if it is not empty."""
        numbers = {"value": self.value, "numerator": self.numerator, "denominator": self.denominator}
        return {
            "id": self.id, "dims": dict(self.dims), **{name: _plain(number) for name, number in numbers.items()},
            "unit": self.unit, "window": self.window, "n": self.n, "as_of": self.as_of.isoformat(),
            **({"why": self.why} if self.why else {}),
        }  # fmt: skip


@dataclass(frozen=True)
class Kpi:
    """A dictionary entry (S88). `needs`: facts without which it has no value. `over`: the rows it counts.

    `parts`: aggregates over those rows, by name; `answer` makes the value of them. `clock`: what the window is laid
    on. `counted`: the deals that it counts, `leaves_out`: by what they lack, those that it would count if that were
    known. `dims`: the dimensions that make sense. `also`: words people use for it, and for others: none is its name.
    """

    id: str
    name: str
    purpose: str
    formula: str
    numerator: str
    denominator: str
    window: str
    unit: str
    leads: Literal["leading", "lagging"]
    source: str
    clock: Clock
    parts: Mapping[str, pl.Expr]
    needs: tuple[str, ...]
    over: Population = "deals"
    counted: pl.Expr = field(default_factory=lambda: pl.col("counted"))
    leaves_out: Mapping[str, pl.Expr] = field(default_factory=dict)
    currency: str = "none: no money in it"
    owner: str = "RevOps"
    cadence: str = "daily"
    dims: tuple[str, ...] = (*DEAL_DIMS, *TIME_DIMS)
    also: tuple[str, ...] = ()
    answer: Callable[[Parts], Answer] = field(default=lambda _: Answer(None), repr=False)


REGISTRY: Final[dict[str, Kpi]] = {}


def kpi(**entry: Any) -> Callable[[Callable[[Parts], Answer]], Callable[[Parts], Answer]]:
    """Register the decorated function under its own name with this dictionary entry."""

    def register(answer: Callable[[Parts], Answer]) -> Callable[[Parts], Answer]:
        name = answer.__name__
        if name in REGISTRY:
            raise ValueError(f"KPI {name} is registered twice.")
        REGISTRY[name] = Kpi(id=name, answer=answer, **entry)
        return answer

    return register


def ratio(numerator: Number, denominator: Number, n: int, none: str, why: str = "") -> Answer:
    """Numerator ÷ denominator, divided once. Without a denominator there is no value; the reason is `why`, else `none`.

    `why` says what is left out: where nothing remains, that is the reason.
    """
    if not denominator:
        return Answer(None, numerator, denominator, n, why or none)
    return Answer(Fraction(numerator) / Fraction(denominator), numerator, denominator, n, why)


def left_out(count: int, what: str, lacking: str) -> str:
    """The sentence about deals that a value leaves out; empty if there are none."""
    return f"{many(count, what)} {lacking} left out" if count else ""


def rounded(number: Number | None) -> Decimal | None:
    """The number at six places, half to even."""
    if number is None:
        return None
    exact = Fraction(number)
    scaled = round(exact / Fraction(PLACES))
    return Decimal(scaled).scaleb(-6) if scaled % 10**6 else Decimal(scaled // 10**6)


def _plain(number: Decimal | None) -> int | float | None:
    if number is None:
        return None
    return int(number) if number == number.to_integral_value() else float(number)
