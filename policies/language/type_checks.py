"""Type checks: builds every node of the tree, or raises `Wrong` with the reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final, cast

from model.helpers.words import did_you_mean
from policies.language.english import term_text
from policies.language.exact_arithmetic import FACT_SCALE, decimals
from policies.language.text import compared, trimmed
from policies.language.tree import (
    Among,
    Arithmetic,
    Between,
    Call,
    Compare,
    Const,
    Contains,
    FactRef,
    IsBlank,
    Stands,
    group,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from model.facts import Fact
    from policies.language.tokens import Token
    from policies.language.tree import Function, Operator, Sign, Term

ISO_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
MAX_SCALE: Final = 24
"""Decimal places that a comparison may need; more leave too few digits before the point."""


class Wrong(Exception):
    """A sentence about a part of the condition, and its place once that is known."""

    def __init__(self, text: str, offset: int | None = None) -> None:
        self.offset = offset
        super().__init__(text)


@dataclass(frozen=True)
class Checks:
    """The facts that may be named, and the texts that are blank; each method gives a node or raises Wrong."""

    facts: Mapping[str, Fact]
    filler: frozenset[str]

    def operand(self, token: Token) -> Term:
        """A fact or a constant."""
        match token.kind:
            case "fact":
                return FactRef(token.text, self.facts[token.text].type)
            case "number":
                return Const(Decimal(token.text), token.text, token.start)
            case "yes/no":
                return Const(token.text == "true", token.text, token.start)
            case _:
                return Const(compared(token.text), trimmed(token.text), token.start)

    def call(self, function: str, term: Term) -> Call:
        """A function of a fact."""
        wanted = "text" if function in {"lower", "length"} else "date"
        if not isinstance(term, FactRef) or group(term) != wanted:
            raise Wrong(f"{function}() takes a {wanted} fact, not {described(term)}")
        return Call(cast("Function", function), term)

    def arithmetic(self, sign: Sign, left: Term, right: Term) -> Arithmetic:
        """Two numbers combined; amounts only with amounts of the same currency."""
        for side in (left, right):
            if group(side) != "number":
                raise Wrong(f"cannot calculate with {described(side)}; + - * / take numbers and money" + _days(side))
        if sign == "*" and self.units(left) and self.units(right):
            raise Wrong(f"cannot multiply {term_text(left)} by {term_text(right)}: both are money")
        if sign in "+-":
            self.same_currency(left, right)
        return Arithmetic(sign, left, right)

    def compare(self, operator: Operator, left: Term, right: Term) -> Compare:
        """Two terms of one type; order only where there is one."""
        left, right = self.alike(left, right)
        if operator not in {"=", "!="} and group(left) in {"text", "yes/no"}:
            raise Wrong(f"{described(left)} has no order; compare it with = or !=")
        return Compare(operator, left, right)

    def between(self, term: Term, low: Term, high: Term) -> Between:
        """A term and two limits of its type."""
        first, second = self.compare(">=", term, low), self.compare("<=", term, high)
        return Between(first.left, first.right, second.right)

    def among(self, term: Term, among: Sequence[Term], *, negated: bool) -> Among:
        """A term and constants of its type."""
        consts = [self.alike(term, one)[1] for one in among]
        for const in consts:
            if not isinstance(const, Const):
                raise Wrong(f"in takes constants, not {described(const)}")
        return Among(term, tuple(const for const in consts if isinstance(const, Const)), negated)

    def contains(self, term: Term, part: Term) -> Contains:
        """A text or list, and a text."""
        if not isinstance(part, Const) or not isinstance(part.value, str):
            raise Wrong(f"contains takes a text in quotes, not {described(part)}")
        if group(term) not in {"text", "list"} or isinstance(term, Const):
            raise Wrong(f"contains asks a text or a list, not {described(term)}")
        self.not_blank(part)
        return Contains(term, part)

    def is_blank(self, term: Term) -> IsBlank:
        """Anything but a constant."""
        if isinstance(term, Const):
            raise Wrong(f"{described(term)} is never blank")
        few_places(term)
        return IsBlank(term, negated=False)

    def stands(self, term: Term) -> Stands:
        """A yes/no fact on its own."""
        if isinstance(term, FactRef) and term.type == "yes/no":
            return Stands(term)
        if isinstance(term, Const):
            raise Wrong(f"{described(term)} stands alone; a condition asks about facts")
        raise Wrong(f"{described(term)} stands alone; only a yes/no fact may, compare it with something")

    def alike(self, left: Term, right: Term) -> tuple[Term, Term]:
        """Both terms, a text constant read as a date where the other is one."""
        if not any(isinstance(part, FactRef) for side in (left, right) for part in walk(side)):
            raise Wrong("both sides are constants; a comparison asks about a fact")
        left, right = _as_date(left, right), _as_date(right, left)
        if "list" in {group(left), group(right)}:
            raise Wrong("a list is asked with contains, as in contact_roles contains 'Decision Maker'")
        if group(left) != group(right):
            raise Wrong(f"cannot compare {described(left)} with {described(right)}")
        few_places(left, right)
        for const, other in ((left, right), (right, left)):
            if isinstance(const, Const):
                self.not_blank(const)
                self.a_choice(const, other)
        self.same_currency(left, right)
        return left, right

    def not_blank(self, const: Const) -> None:
        """A blank text equals nothing."""
        if const.value == "":
            raise Wrong("a blank is compared with nothing; write is blank", const.at)
        if const.value in self.filler:
            raise Wrong(f"'{const.shown}' is filler and so blank here; write is blank", const.at)

    def a_choice(self, const: Const, other: Term) -> None:
        """The constant is a value that the fact can have."""
        fact = self.facts[other.name] if isinstance(other, FactRef) else None
        if fact is None or not fact.choices or const.value in {compared(choice) for choice in fact.choices}:
            return
        near = did_you_mean(const.shown, fact.choices) or f"; it is one of {', '.join(fact.choices[:12])}"
        raise Wrong(f"'{const.shown}' is not a value of {fact.name}{near}", const.at)

    def units(self, term: Term) -> frozenset[str]:
        """The currencies a term is in; none for a plain number."""
        if isinstance(term, Arithmetic) and term.sign == "/" and self.units(term.right):
            return frozenset()
        facts = (self.facts[part.name] for part in walk(term) if isinstance(part, FactRef) and part.type == "money")
        return frozenset(fact.unit or "own currency" for fact in facts)

    def same_currency(self, left: Term, right: Term) -> None:
        """Amounts meet in one currency only."""
        units = sorted(self.units(left) | self.units(right))
        if len(units) > 1:
            raise Wrong(f"{term_text(left)} and {term_text(right)} are in unlike currencies ({', '.join(units)})")


def described(term: Term) -> str:
    """The term and its type: `amount (money)`."""
    match term:
        case FactRef(name=name, type=kind):
            return f"{name} ({kind})"
        case Const(value=str(), shown=shown):
            return f"'{shown}' (text)"
        case Const(shown=shown):
            return f"{shown} ({group(term)})"
        case _:
            return f"{term_text(term)} ({group(term)})"


def few_places(*terms: Term) -> None:
    """A calculation that can be exact; raises Wrong."""
    if sum(sum(scale(term)) for term in terms) > MAX_SCALE:
        raise Wrong("this calculation needs too many decimal places; multiply and divide less")


def scale(term: Term) -> tuple[int, int]:
    """Decimal places of a term's numerator and denominator."""
    match term:
        case Const(value=Decimal() as value):
            return decimals(value), 0
        case FactRef(type="number" | "money"):
            return FACT_SCALE, 0
        case Arithmetic(sign=sign, left=left, right=right):
            (a, b), (c, d) = scale(left), scale(right)
            if sign == "*":
                return a + c, b + d
            return (a + d, b + c) if sign == "/" else (max(a + d, c + b), b + d)
        case _:
            return 0, 0


def _as_date(term: Term, other: Term) -> Term:
    if group(other) != "date" or not isinstance(term, Const) or not isinstance(term.value, str):
        return term
    if not ISO_DATE.fullmatch(term.shown):
        raise Wrong(f"'{term.shown}' is no date; write it as '2026-11-03'", term.at)
    try:
        return Const(date.fromisoformat(term.shown), term.shown, term.at)
    except ValueError:
        raise Wrong(f"there is no day '{term.shown}'", term.at) from None


def _days(term: Term) -> str:
    return "; for days write days_since(fact) or days_until(fact)" if group(term) == "date" else ""
