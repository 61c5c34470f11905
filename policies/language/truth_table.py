"""The truth table of docs/design.md. tests/policies/language/test_truth_table.py tests each row.

A value is known, blank or unknown; an answer is true, false or unknown (null).

    value            a comparison                                 is blank    stands alone
    known            as compared                                  false       its value
    blank            false (unknown under `blank: unknown`)       true        false (unknown under `blank: unknown`)
    unknown          unknown, but false where the other is blank  unknown     unknown

Arithmetic and functions of a blank are blank, else of an unknown unknown; a division by zero is unknown. And, or, not
are Kleene's. `!=`, `not in` and `between` are comparisons; `not (…)` is applied to the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policies.language.tree import BlankRule


@dataclass(frozen=True)
class Value:
    """`value` is null where blank or unknown; `blank` is never null and tells which."""

    value: pl.Expr
    blank: pl.Expr


def read(value: pl.Expr, known: pl.Expr | None, empty: pl.Expr | None = None) -> Value:
    """A fact's column as a value; `known` its mask, `empty` where it is blank (absent: where it is null)."""
    empty = value.is_null() if empty is None else empty
    if known is None:
        return Value(value, empty)
    return Value(pl.when(known).then(value), known & empty)


def combined(value: pl.Expr, parts: Iterable[Value]) -> Value:
    """What is computed from others; blank where one of them is."""
    return Value(value, pl.any_horizontal([part.blank for part in parts]))


def answered(answer: pl.Expr, parts: Iterable[Value], rule: BlankRule) -> pl.Expr:
    """A comparison's answer: `answer` is null where any part is blank or unknown."""
    if rule == "unknown":
        return answer
    return pl.all_horizontal([answer, *(~part.blank for part in parts)])


def is_blank(part: Value) -> pl.Expr:
    """True where blank, false where there is a value, else unknown."""
    return pl.when(part.blank).then(statement=True).when(part.value.is_not_null()).then(statement=False)


def chained(word: str, parts: list[pl.Expr]) -> pl.Expr:
    """Kleene's and, or."""
    return pl.all_horizontal(parts) if word == "and" else pl.any_horizontal(parts)
