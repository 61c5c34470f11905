"""Days until half have gone, of visits that are not all seen to end: Kaplan–Meier and Aalen–Johansen.

Rows stand in the order of `in_order`: by days, and on one day ends before visits that are censored then. One by one,
the ends of a day give the same product and the same parts as all of them at once.
"""

from __future__ import annotations

from typing import Final

import polars as pl

ROUNDING: Final = 1e-9
"""A product or a sum of fractions that is one half may stand this far from it."""


def in_order(days: str, left: str) -> tuple[pl.Expr, pl.Expr]:
    """What to sort by: how long each visit lasted, and whether it ended; the others are censored."""
    return pl.col(days), ~pl.col(left)


def half_left(days: pl.Expr, left: pl.Expr) -> pl.Expr:
    """The first day at which the Kaplan–Meier share of those still there is one half or less; null if there is none."""
    return days.filter(_stayed(left) <= 0.5 + ROUNDING).first()


def half_left_bounds(days: pl.Expr, left: pl.Expr, z: float) -> dict[str, pl.Expr]:
    """`low` and `high`: the first days at which the bounds of that share are one half or less; null if there is none.

    The bounds stand z standard errors off (Greenwood 1926) on the scale of log(−log) (Kalbfleisch and Prentice 1980),
    which makes the days Brookmeyer and Crowley's interval (1982). Where nobody is still there it has no bounds.
    """
    stayed, at_risk = _stayed(left), _at_risk(left)
    error = (left.cast(pl.Float64) / (at_risk * (at_risk - 1))).cum_sum().sqrt() / stayed.log().abs()
    whole_day = days.ne_missing(days.shift(-1))
    return {
        name: days.filter((stayed ** (far * error).exp() <= 0.5 + ROUNDING) & whole_day).first()
        for name, far in (("low", z), ("high", -z))
    }


def half_gone(days: pl.Expr, left: pl.Expr, gone: pl.Expr) -> dict[str, pl.Expr]:
    """`half`: the first day at which the Aalen–Johansen share of `gone` is one half or more; null if there is none.

    `gone`: whether a visit ended in the way in question; its other ends compete. `at_most`: the share of `gone` if
    everybody who is still there after the last day goes that way.
    """
    stayed = _stayed(left)
    share = (stayed.shift(1, fill_value=1.0) * gone.cast(pl.Float64) / _at_risk(left)).cum_sum()
    return {"half": days.filter(share >= 0.5 - ROUNDING).first(), "at_most": share.last() + stayed.last()}


def _stayed(left: pl.Expr) -> pl.Expr:
    """The share still there after each end."""
    return (1 - left.cast(pl.Float64) / _at_risk(left)).cum_prod()


def _at_risk(rows: pl.Expr) -> pl.Expr:
    """How many are still there before each end."""
    return rows.len().cast(pl.Int64) - pl.int_range(rows.len(), dtype=pl.Int64)
