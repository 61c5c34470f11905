"""What a condition measures: each comparison of one fact with a limit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias

from policies.language.tree import (
    Among,
    Arithmetic,
    Between,
    Call,
    Chain,
    Compare,
    Const,
    Contains,
    FactRef,
    IsBlank,
    Not,
    Stands,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from policies.language.tree import Term, Truth

Constant: TypeAlias = "str | bool | Decimal | date"
FLIPPED: Final = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class Measure:
    """One comparison of one fact with a limit, so that a verdict can say what was measured against what.

    `function` is days_since, days_until, business_days_since, lower, length or None. `operator` is one of
    `= != < <= > >= between`, `in`, `not in`, `contains`, `is blank`, `is not blank`; a yes/no fact that stands alone
    is `= True`. `limit` is a constant, a tuple of them (in, not in, between), or None (is blank).
    Where `of` names a fact, the limit is `limit` times that fact: `days_in_stage > 1.5 * stage_median_days`.
    `plus` is then added: `days_in_stage > stage_median_days + 15`.
    `negated` is true under an odd number of `not`.
    """

    fact: str
    function: str | None
    operator: str
    limit: Constant | tuple[Constant, ...] | None
    of: str | None = None
    plus: Decimal = Decimal(0)
    negated: bool = False


def measures(tree: Truth) -> tuple[Measure, ...]:
    """The measures of a tree, in order of text."""
    return tuple(_of(tree, negated=False))


def _of(node: Truth, *, negated: bool) -> Iterator[Measure]:
    match node:
        case Chain(parts=parts):
            for part in parts:
                yield from _of(part, negated=negated)
        case Not(of=part):
            yield from _of(part, negated=not negated)
        case Compare():
            yield from _compared(node, negated=negated)
        case Stands(fact=fact):
            yield Measure(fact.name, None, "=", limit=True, negated=negated)
        case IsBlank(term=term, negated=no):
            yield from _one(term, "is not blank" if no else "is blank", None, negated=negated)
        case Contains(term=term, part=part):
            yield from _one(term, "contains", _limit(part), negated=negated)
        case Among(term=term, among=consts, negated=no):
            yield from _one(term, "not in" if no else "in", tuple(_limit(c) for c in consts), negated=negated)
        case Between(term=term, low=Const() as low, high=Const() as high):
            yield from _one(term, "between", (_limit(low), _limit(high)), negated=negated)
        case _:
            return


def _compared(node: Compare, *, negated: bool) -> Iterator[Measure]:
    left, right, operator = node.left, node.right, str(node.operator)
    if not (asked := _fact(left)) or isinstance(left, Const):
        left, right, operator = right, left, FLIPPED[operator]
        asked = _fact(left)
    if asked is None:
        return
    if isinstance(right, Const):
        yield Measure(*asked, operator, _limit(right), negated=negated)
    elif found := _relative(right):
        (times, of), plus = found
        yield Measure(*asked, operator, times, of=of, plus=plus, negated=negated)


def _one(
    term: Term, operator: str, limit: Constant | tuple[Constant, ...] | None, *, negated: bool
) -> Iterator[Measure]:
    if asked := _fact(term):
        yield Measure(*asked, operator, limit, negated=negated)


def _fact(term: Term) -> tuple[str, str | None] | None:
    match term:
        case FactRef(name=name):
            return name, None
        case Call(function=function, fact=FactRef(name=name)):
            return name, function
        case _:
            return None


def _relative(term: Term) -> tuple[tuple[Decimal, str], Decimal] | None:
    """A multiple of a fact, and what is added to it."""
    plus = Decimal(0)
    match term:
        case Arithmetic(sign="+" | "-" as sign, left=part, right=Const(value=Decimal() as more)):
            term, plus = part, more if sign == "+" else -more
    scaled = _scaled(term)
    return scaled and (scaled, plus)


def _scaled(term: Term) -> tuple[Decimal, str] | None:
    match term:
        case FactRef(name=name, type="number" | "money"):
            return Decimal(1), name
        case (
            Arithmetic(sign="*", left=Const(value=Decimal() as times), right=FactRef(name=name))
            | Arithmetic(sign="*", left=FactRef(name=name), right=Const(value=Decimal() as times))
        ):
            return times, name
        case _:
            return None


def _limit(const: Const) -> Constant:
    return const.shown if isinstance(const.value, str) else const.value
