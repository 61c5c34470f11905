"""A parsed, type-checked condition over the facts of a deal."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from model.errors import Problem
from policies.language.text import fillers, shortened
from policies.language.tree import FactRef, facts_of, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import date
    from decimal import Decimal

    import polars as pl

    from model.facts import Fact, FactType
    from model.wide import Wide
    from policies.language.formula import Reading
    from policies.language.formula_text import Expr
    from policies.language.tree import Truth

BlankRule: TypeAlias = Literal["false", "unknown"]
Constant: TypeAlias = "str | bool | Decimal | date"


@dataclass(frozen=True)
class Measure:
    """One comparison of one fact with a limit, so that a verdict can say what was measured against what.

    `function` is days_since, days_until, business_days_since, lower, length or None. `operator` is one of
    `= != < <= > >= between`, `in`, `not in`, `contains`, `is blank`, `is not blank`; a yes/no fact that stands alone
    is `= True`. `limit` is a constant, a tuple of them (in, not in, between), or None (is blank).
    Where `of` names a fact, the limit is `limit` times that fact: `days_in_stage > 1.5 * stage_median_days`.
    `negated` is true under an odd number of `not`.
    """

    fact: str
    function: str | None
    operator: str
    limit: Constant | tuple[Constant, ...] | None
    of: str | None = None
    negated: bool = False


@dataclass(frozen=True)
class Condition:
    """A condition as written (`text`, one line) and as understood (`tree`); implements model.process.Condition.

    `blank` says what a comparison on a blank is; `filler` are texts (trimmed, lower case) that count as blank.
    `where` is the file, line and column it stands in; it plays no part in equality.
    """

    text: str
    tree: Truth
    filler: frozenset[str] = frozenset()
    blank: BlankRule = "false"
    where: tuple[str, int, int] = field(default=("", 0, 0), compare=False)

    @cached_property
    def facts(self) -> frozenset[str]:
        """Names of the facts it asks for."""
        return facts_of(self.tree)

    @cached_property
    def types(self) -> dict[str, FactType]:
        """Type by name of the facts it asks for."""
        return {ref.name: ref.type for ref in walk(self.tree) if isinstance(ref, FactRef)}

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Each comparison of one fact with a limit, in order of text."""
        from policies.language.measures import measures

        return measures(self.tree)

    def polars(self, wide: Wide) -> pl.Expr:
        """A Boolean expression over `wide.frame`; null where the answer is unknown."""
        from policies.language.compile import compile_truth

        return compile_truth(self.tree, wide, self.filler, self.blank)

    def english(self) -> str:
        """The same as a sentence."""
        from policies.language.english import english

        return english(self.tree)

    def salesforce_formula(self, readings: Mapping[str, Reading | str], *, wanted: bool = True) -> Expr:
        """A formula that is TRUE exactly where the condition is surely `wanted`; raises Unsayable with every reason.

        `readings`: fact → how a formula reads it, or why it cannot.
        """
        from policies.language.formula import formula

        return formula(self.tree, readings, self.filler, self.blank, wanted=wanted)


def parse_condition(
    text: str,
    facts: Mapping[str, Fact],
    *,
    filler: Collection[str] = (),
    blank: BlankRule = "false",
    where: tuple[str, int, int] = ("condition", 1, 1),
    locate: Callable[[int], tuple[int, int]] | None = None,
) -> Condition | list[Problem]:
    """The condition, or every problem found in it.

    `facts` by name are what it may ask; `where` is the file, line and column of the text's first character;
    `locate` gives line and column of an offset where that is not simple (folded blocks).
    """
    from policies.language.lexer import lex
    from policies.language.parse import parse

    empty = fillers(filler)
    tokens, mistakes = lex(text, facts)
    tree = None
    if not mistakes:
        tree, mistakes = parse(tokens, facts, empty)
    if tree is not None:
        return Condition(" ".join(text.split()), tree, empty, blank, where)
    file, *start = where
    at = locate or (lambda offset: _plain(text, offset, *start))
    return sorted(Problem(file, *at(mistake.offset), shortened(mistake.text)) for mistake in mistakes)


def _plain(text: str, offset: int, line: int, column: int) -> tuple[int, int]:
    before = text[:offset].split("\n")
    return line + len(before) - 1, len(before[-1]) + (column if len(before) == 1 else 1)
