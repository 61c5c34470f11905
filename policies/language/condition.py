"""A parsed, type-checked condition over the facts of a deal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from policies.language.tree import facts_of

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    import polars as pl

    from model.wide import Wide
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
    """

    text: str
    tree: Truth
    filler: frozenset[str] = frozenset()
    blank: BlankRule = "false"

    @property
    def facts(self) -> frozenset[str]:
        """Names of the facts it asks for."""
        return facts_of(self.tree)

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
