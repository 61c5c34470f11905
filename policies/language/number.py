"""A number over facts, as `amount_home * probability`, or over other values by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from model.errors import Problem
from policies.language.condition import place
from policies.language.text import shortened
from policies.language.tree import Arithmetic, Const, FactRef, facts_of, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl

    from model.facts import Fact, FactType
    from model.wide import Wide
    from policies.language.tree import Term


@dataclass(frozen=True)
class Number:
    """A number as written (`text`, one line) and as understood (`tree`); implements model.kpi_definition.Formula."""

    text: str
    tree: Term
    where: tuple[str, int, int] = field(default=("", 0, 0), compare=False)

    @property
    def facts(self) -> frozenset[str]:
        """Names of what it is made of."""
        return facts_of(self.tree)

    @property
    def types(self) -> dict[str, FactType]:
        """Type by name of what it is made of."""
        return {ref.name: ref.type for ref in walk(self.tree) if isinstance(ref, FactRef)}

    def polars(self, wide: Wide) -> pl.Expr:
        """A number over `wide.frame`, exact unless it divides; null where a fact is blank or unknown."""
        from policies.language.compile import compile_number

        return compile_number(self.tree, wide)

    def of(self, values: Mapping[str, Fraction]) -> Fraction | None:
        """The number for these values by name; None where it would divide by zero."""
        return _calculated(self.tree, values)


def _calculated(term: Term, values: Mapping[str, Fraction]) -> Fraction | None:
    match term:
        case FactRef(name=name):
            return values[name]
        case Arithmetic(sign=sign):
            left, right = _calculated(term.left, values), _calculated(term.right, values)
            if left is None or right is None or (sign == "/" and not right):
                return None
            return {"+": left + right, "-": left - right, "*": left * right}[sign] if sign != "/" else left / right
        case Const(value=value):
            return Fraction(value)  # type: ignore[arg-type]  # a number has no other constants
        case _:
            return None


def parse_number(
    text: str, facts: Mapping[str, Fact], *, where: tuple[str, int, int] = ("number", 1, 1),
    locate: Callable[[int], tuple[int, int]] | None = None,
) -> Number | list[Problem]:  # fmt: skip
    """The number, or every problem found in it. The arguments are those of `parse_condition`."""
    from policies.language.lexer import lex
    from policies.language.parse import parse_term

    tokens, mistakes = lex(text, facts)
    tree = None
    if not mistakes:
        tree, mistakes = parse_term(tokens, facts)
    if tree is not None:
        return Number(" ".join(text.split()), tree, where)
    file, *start = where
    at = locate or (lambda offset: place(text, offset, *start))
    return sorted(Problem(file, *at(mistake.offset), shortened(mistake.text)) for mistake in mistakes)
