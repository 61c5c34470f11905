"""Exact arithmetic in Polars: decimals as fractions, so that nothing is rounded and nothing is divided before it must.

Polars rounds decimal products and quotients to a scale and stops a whole frame on overflow. Here products get the sum
of both scales, a quotient stays a numerator and a denominator until it is compared, and what needs more than 38
digits becomes null (unknown).
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

DIGITS: Final = 37
FACT_SCALE: Final = 6
COMPARE: Final[dict[str, Callable[[Any, Any], pl.Expr]]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
MIRRORED: Final = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class Exact:
    """A decimal column (Int64 where `whole`) with its number of decimal places."""

    column: pl.Expr
    scale: int
    whole: bool = False
    estimate: pl.Expr | None = None
    """About how much it is, of what it was calculated from; absent: by its own column."""

    @property
    def rough(self) -> pl.Expr:
        """The value as a float, without the column's overflow guards, which would double with every operator."""
        return self.column.cast(pl.Float64) if self.estimate is None else self.estimate

    def at(self, scale: int) -> pl.Expr:
        """The column with so many places; null where it does not fit."""
        return self.column.cast(pl.Decimal(38, scale), strict=False)


@dataclass(frozen=True)
class Fraction:
    """`top` over `bottom`; no bottom is one."""

    top: Exact
    bottom: Exact | None = None


def constant(value: Decimal) -> Exact:
    """A constant; whole ones stay integers, so that counts compare as integers."""
    scale = decimals(value)
    return Exact(pl.lit(int(value)), 0, whole=True) if not scale else Exact(pl.lit(value, pl.Decimal(38, scale)), scale)


def decimals(value: Decimal) -> int:
    """How many decimal places a constant needs."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def calculated(sign: str, left: Fraction, right: Fraction) -> Fraction:
    """`left sign right`; null where a division by zero would be."""
    match sign:
        case "*":
            return Fraction(_times(left.top, right.top), _both(left.bottom, right.bottom))
        case "/":
            divisor = Exact(pl.when(right.top.column != 0).then(right.top.column), right.top.scale, right.top.whole)
            return Fraction(_by(left.top, right.bottom), _both(left.bottom, divisor))
        case _:
            a, b = _by(left.top, right.bottom), _by(right.top, left.bottom)
            return Fraction(_add(operator.add if sign == "+" else operator.sub, a, b), _both(left.bottom, right.bottom))


def compare(sign: str, left: Fraction, right: Fraction) -> pl.Expr:
    """The comparison, cross-multiplied; turned round where the denominator is negative."""
    a, b = _by(left.top, right.bottom), _by(right.top, left.bottom)
    scale = max(a.scale, b.scale)
    one, two = (a.column, b.column) if a.whole and b.whole else (a.at(scale), b.at(scale))
    bottom = _both(left.bottom, right.bottom)
    straight = COMPARE[sign](one, two)
    if bottom is None:
        return straight
    return pl.when(bottom.column > 0).then(straight).when(bottom.column < 0).then(COMPARE[MIRRORED[sign]](one, two))


def _both(a: Exact | None, b: Exact | None) -> Exact | None:
    return a if b is None else _by(b, a)


def _by(a: Exact, b: Exact | None) -> Exact:
    return a if b is None else _times(a, b)


def _times(a: Exact, b: Exact) -> Exact:
    return _guarded(operator.mul, a, b, a.scale + b.scale)


def _add(sign: Callable[[pl.Expr, pl.Expr], pl.Expr], a: Exact, b: Exact) -> Exact:
    return _guarded(sign, a, b, max(a.scale, b.scale))


def _guarded(sign: Callable[[pl.Expr, pl.Expr], pl.Expr], a: Exact, b: Exact, scale: int) -> Exact:
    rough = sign(a.rough, b.rough)
    fits = rough.abs() < 10.0 ** (DIGITS - scale)
    return Exact(sign(pl.when(fits).then(a.at(scale)), b.at(scale)), scale, estimate=rough)
