"""The hygiene score, 0 to 100: 100 less the points of broken rules by topic, as columns and as a ledger."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policies.judging.rules import Rule

COVERAGE: Final = 60
"""Percent of a deal's applicable points that must be known for it to have a score."""

Line = tuple[str, int]
"""A ledger line: its name and its points."""


def score_columns(rules: Sequence[Rule], sure: frozenset[str], columns: frozenset[str]) -> list[pl.Expr]:
    """Columns cost, applicable and unjudged, in points; `sure`: columns of rules without a null; `columns`: all.

    An exempt rule costs nothing; a rule that is only observed on a deal is left out of its coverage as well.
    """
    scored = [rule for rule in rules if rule.scored and rule.points]
    applies = [(pl.col(r.applies) if r.applies in sure else pl.col(r.applies).fill_null(value=True), r) for r in scored]
    unjudged = [(pl.col(r.broken).is_null(), r) for r in scored if r.broken not in sure]
    return [
        _sum(_topic_costs(scored, columns)).alias("cost"),
        _sum(_points(_reaching(is_so, r, columns), r) for is_so, r in applies).alias("applicable"),
        _sum(_points(_reaching(is_so, r, columns), r) for is_so, r in unjudged).alias("unjudged"),
    ]


def _reaching(is_so: pl.Expr, rule: Rule, columns: frozenset[str]) -> pl.Expr:
    """Where `is_so` holds and the rule is more than observed."""
    return is_so & pl.col(rule.exemption).ne_missing("observed") if rule.exemption in columns else is_so


def counting(rule: Rule, columns: Iterable[str]) -> pl.Expr:
    """Where a rule is broken without an exemption; null where unknown."""
    return pl.col(rule.broken) & pl.col(rule.exemption).is_null() if rule.exemption in columns else pl.col(rule.broken)


def score() -> pl.Expr:
    """Column score from cost, applicable, unjudged, reached and is_open; null where closed or too little is known."""
    known = pl.col("applicable") - pl.col("unjudged")
    enough = known * 100 >= pl.col("applicable") * COVERAGE
    scored = pl.col("is_open") & pl.col("reached") & enough
    return pl.when(scored).then((100 - pl.col("cost")).clip(0, 100)).cast(pl.Int64).alias("score")


def score_reason() -> pl.Expr:
    """Column score_reason: why an open deal has no score; `reach.basis` says what a score rests on."""
    judged = pl.col("applicable") - pl.col("unjudged")
    why = pl.format(
        f"{{}} of {{}} applicable points could be judged; a score needs {COVERAGE} %", judged, pl.col("applicable")
    )
    why = pl.when("reached").then(why).otherwise(pl.lit("every policy is only observed here"))
    return pl.when(pl.col("is_open") & pl.col("score").is_null()).then(why).alias("score_reason")


class Cost(Protocol):
    """A broken rule, or the flag that a store kept of it."""

    @property
    def id(self) -> str:
        """The name of the line."""

    @property
    def topic(self) -> str | None:
        """The topic; only its rule with the most points costs points."""

    @property
    def points(self) -> int:
        """The points it takes from 100."""

    @property
    def scored(self) -> bool:
        """Observed flags cost no points."""


C = TypeVar("C", bound=Cost)


def ledger_lines(broken: Iterable[Cost]) -> list[Line]:
    """The ledger lines of one deal's broken rules. They add up to the score; a `floor` line is added if needed."""
    lines = [("start", 100), *((rule.id, -rule.points) for rule in _dearest(broken) if rule.points)]
    below = -sum(points for _, points in lines)
    return [*lines, ("floor", below)] if below > 0 else lines


def cost(broken: Iterable[Rule]) -> int:
    """Points that the broken rules of one deal take, before the floor."""
    return sum(rule.points for rule in _dearest(broken))


def _dearest(broken: Iterable[C]) -> list[C]:
    """The first rule of each topic that costs the most points."""
    dearest: dict[str, C] = {}
    for rule in (r for r in broken if r.scored):
        topic = rule.topic or rule.id
        if topic not in dearest or rule.points > dearest[topic].points:
            dearest[topic] = rule
    return list(dearest.values())


def _topic_costs(rules: Iterable[Rule], columns: frozenset[str]) -> list[pl.Expr]:
    """One expression a topic: the points of its broken rule that costs the most."""
    topics: dict[str, list[pl.Expr]] = defaultdict(list)
    for rule in rules:
        topics[rule.topic or rule.id].append(_points(counting(rule, columns), rule))
    return [pl.max_horizontal(costs) if len(costs) > 1 else costs[0] for costs in topics.values()]


def _points(is_so: pl.Expr, rule: Rule) -> pl.Expr:
    """The rule's points where it is true, else 0; ten times as fast as a multiplication."""
    return pl.when(is_so).then(pl.lit(rule.points, pl.Int32)).otherwise(pl.lit(0, pl.Int32))


def _sum(parts: Iterable[pl.Expr]) -> pl.Expr:
    """The sum; 0 if there is nothing to add."""
    return pl.sum_horizontal([pl.lit(0, pl.Int32), *parts])
