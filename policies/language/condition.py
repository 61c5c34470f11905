"""A parsed, type-checked condition over the facts of a deal."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from model.errors import Problem
from policies.language.english import in_english
from policies.language.measure import measures
from policies.language.text import fillers, shortened
from policies.language.tree import FactRef, facts_of, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import polars as pl

    from model.facts import Fact, FactType
    from model.wide import Wide
    from policies.language.measure import Measure
    from policies.language.tree import BlankRule, Truth


@dataclass(frozen=True)
class Condition:
    """A condition as written (`text`, one line) and as understood (`tree`); implements model.process.Condition.

    `blank` says what a comparison on a blank is; `filler` are texts (trimmed, lower case) that count as blank.
    `where` is its file, line and column; equality ignores it.
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
        return measures(self.tree)

    def polars(self, wide: Wide) -> pl.Expr:
        """A Boolean expression over `wide.frame`; null where the answer is unknown."""
        from policies.language.compile import compile_truth

        return compile_truth(self.tree, wide, self.filler, self.blank)

    def english(self) -> str:
        """The same as a sentence."""
        return in_english(self.tree)


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
    at = locate or (lambda offset: place(text, offset, *start))
    return sorted(Problem(file, *at(mistake.offset), shortened(mistake.text)) for mistake in mistakes)


def place(text: str, offset: int, line: int, column: int) -> tuple[int, int]:
    """Line and column of an offset of a text that starts at a line and column."""
    before = text[:offset].split("\n")
    return line + len(before) - 1, len(before[-1]) + (column if len(before) == 1 else 1)
