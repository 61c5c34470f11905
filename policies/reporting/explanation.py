"""Why a rule is broken on a deal: which comparisons hold, and since when, from facts alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from model.subjects import SUBJECTS
from policies.language import Chain, Not, measures
from policies.reporting.since import IN_STAGE, began

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    import polars as pl

    from model.wide import Wide
    from policies.language import Condition, Measure, Truth
    from policies.reporting.since import Row

STEADY: Final = frozenset({
    "id", "name", "pipeline", "record_type", "deal_type", "segment", "region", "team", "source", "owner", "currency",
    "is_open", "is_won", "is_lost", "is_test", "created_in_stage", "company", "is_converted",
})  # fmt: skip
"""Facts that identify a deal; they neither date nor explain a flag."""
COMPANIONS: Final = {
    "last_activity": ("touched", "_last_touch_kind"),
    "has_next_step": ("next_step_due",),
    "stage": ("stage_name",),
    "stage_order": ("stage_name",),
    "stage_median_days": ("_median_source",),
    "days_in_stage": ("stage_name", "stage_since"),
    "days_in_visit": ("stage_name", "stage_since"),
    **{fact.name: (fact.clock,) for subject in SUBJECTS.values() for fact in subject.facts.values() if fact.clock},
}
"""Further facts that the sentence or day of a fact needs."""
OPPOSITE: Final = {
    "=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not in", "not in": "in",
    "is blank": "is not blank", "is not blank": "is blank", "contains": "does not contain", "between": "not between",
}  # fmt: skip


@dataclass(frozen=True)
class Leaf:
    """One comparison of a condition: its column in the row and its measure (None: too complex for one)."""

    column: str
    node: Truth
    measure: Measure | None

    def turned(self, sense: bool) -> Measure | None:
        """The measure that holds; negated if the comparison counts for being false."""
        if self.measure is None or sense:
            return self.measure
        if self.measure.limit is True:
            return replace(self.measure, limit=False)
        return replace(self.measure, operator=OPPOSITE[self.measure.operator])


@dataclass(frozen=True)
class Reason:
    """One comparison that holds; `since`: the day it began to hold, if the facts give one; `steady`: see STEADY."""

    leaf: Leaf
    measure: Measure | None
    since: date | None
    steady: bool


@dataclass(frozen=True)
class Because:
    """Every reason why a condition holds for one deal; `since` None: the facts give no day."""

    reasons: tuple[Reason, ...]
    since: date | None
    undated: bool = False


class Grounds:
    """Finds the reasons of one condition over many deals; `sense` False explains why a criterion is not met."""

    def __init__(self, condition: Condition, sense: bool, wide: Wide) -> None:
        self.tree, self.sense, self.wide = condition.tree, sense, wide
        self.leaves = {id(leaf.node): leaf for leaf in _leaves(condition)}
        self._truths = [
            replace(condition, tree=leaf.node).polars(wide).alias(leaf.column) for leaf in self.leaves.values()
        ]

    def rows(self, frame: pl.DataFrame) -> pl.DataFrame:
        """key, the facts that reasons need, and one truth for each comparison, for each deal of the frame."""
        named = {name for leaf in self.leaves.values() for name in _facts(leaf)}
        named |= {"as_of_date"} | (set() if self.sense else {"stage_name"})
        facts = named & set(frame.columns)
        return frame.select("key", *sorted(facts), *self._truths)

    def because(self, row: Row) -> Because:
        """Why the condition holds (or, in the other sense, does not) for this row."""
        return self._walk(self.tree, self.sense, row) or Because((), None, undated=True)

    def _walk(self, node: Truth, sense: bool, row: Row) -> Because | None:
        match node:
            case Not(of=part):
                return self._walk(part, not sense, row)
            case Chain(word=word, parts=parts):
                found = [self._walk(part, sense, row) for part in parts]
                if (word == "and") == sense:
                    return None if None in found else _all([f for f in found if f])
                return _some([f for f in found if f])
            case _:
                leaf = self.leaves[id(node)]
                return self._one(leaf, sense, row) if row[leaf.column] is sense else None

    def _one(self, leaf: Leaf, sense: bool, row: Row) -> Because:
        measure = leaf.turned(sense)
        steady = measure is not None and measure.fact in STEADY
        since = None if measure is None or steady else began(measure, row, self.wide)
        return Because((Reason(leaf, measure, since, steady),), since, undated=since is None and not steady)


def _all(parts: list[Because]) -> Because:
    """All must hold: the latest of their days, or None if one has no day."""
    dates = [p.since for p in parts if p.since]
    undated = any(p.undated for p in parts)
    return Because(tuple(r for p in parts for r in p.reasons), None if undated else max(dates, default=None), undated)


def _some(parts: list[Because]) -> Because | None:
    """One is enough: the earliest of their days."""
    if not parts:
        return None
    dates = [p.since for p in parts if p.since]
    undated = not dates and any(p.undated for p in parts)
    return Because(tuple(r for p in parts for r in p.reasons), min(dates, default=None), undated)


def _leaves(condition: Condition) -> Iterator[Leaf]:
    for n, node in enumerate(_comparisons(condition.tree)):
        yield Leaf(f"_leaf{n}", node, next(iter(measures(node)), None))


def _comparisons(node: Truth) -> Iterator[Truth]:
    match node:
        case Chain(parts=parts):
            for part in parts:
                yield from _comparisons(part)
        case Not(of=part):
            yield from _comparisons(part)
        case _:
            yield node


def _facts(leaf: Leaf) -> set[str]:
    """Columns that the sentence and the day of a comparison need."""
    asked = leaf.measure
    if asked is None:
        return set()
    companions = (*(("stage_since",) if asked.fact in IN_STAGE else ()), *COMPANIONS.get(asked.fact, ()))
    return {name for name in (asked.fact, asked.of, *companions, *COMPANIONS.get(asked.of or "", ())) if name}
