"""Mutants of a condition that none of its examples detects."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import polars as pl

from policies.files import Examples
from policies.language import Between, Chain, Compare, Not, in_english
from policies.trying.examples import wide_of
from policies.trying.gate_scenarios import asked_of, outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from model.process import Criterion, Process
    from policies.files import PolicySet
    from policies.language import Condition, Operator, Truth
    from policies.trying.gate_scenarios import Asked


AT_THE_LIMIT: Final[dict[Operator, Operator]] = {">=": ">", ">": ">=", "<=": "<", "<": "<="}


def mutants_of(tree: Truth) -> Iterator[tuple[Truth, str]]:
    """Each tree that differs from this one by a single slip, with the slip in words."""
    match tree:
        case Chain(parts=parts):
            yield from _without_one(tree)
            for n, part in enumerate(parts):
                for other, slip in mutants_of(part):
                    yield replace(tree, parts=(*parts[:n], other, *parts[n + 1 :])), slip
        case Not(of=part):
            for other, slip in mutants_of(part):
                yield Not(other), slip
        case Compare(operator=operator) if operator in AT_THE_LIMIT:
            other = replace(tree, operator=AT_THE_LIMIT[operator])
            yield other, f"no example tells “{in_english(tree)}” from “{in_english(other)}”"
        case Between(term=term, low=low, high=high):
            both = Compare(">=", term, low), Compare("<=", term, high)
            for n, side in enumerate(both):
                strict = replace(side, operator=AT_THE_LIMIT[side.operator])
                yield (
                    Chain("and", (*both[:n], strict, *both[n + 1 :])),
                    f"no example tells “{in_english(side)}” from “{in_english(strict)}”",
                )


def _without_one(chain: Chain) -> Iterator[tuple[Truth, str]]:
    for n, part in enumerate(chain.parts):
        rest = (*chain.parts[:n], *chain.parts[n + 1 :])
        yield (
            rest[0] if len(rest) == 1 else replace(chain, parts=rest),
            f"no example changes when this is removed: “{in_english(part)}”",
        )


class Slip(NamedTuple):
    """A condition near the one that is written, and the difference in words."""

    condition: Condition
    text: str


def unnoticed(policy_set: PolicySet) -> Mapping[str, tuple[str, ...]]:
    """By policy or criterion (`process/stage/criterion`): each slip in flag_if or require that no example notices.

    Entries without examples are left out. Frames are evaluated here, so never call it in a worker's parent.
    """
    found = dict(_of_policies(policy_set)) | dict(_of_criteria(policy_set))
    return {name: tuple(slip.text for slip in slips) for name, slips in found.items() if slips}


def _of_policies(policy_set: PolicySet) -> Iterator[tuple[str, list[Slip]]]:
    for policy in policy_set.policies:
        if policy.examples.flagged or policy.examples.clear:
            yield policy.id, _unseen(policy.flag_if, policy.examples)


def _of_criteria(policy_set: PolicySet) -> Iterator[tuple[str, list[Slip]]]:
    asked = {process.id: list(asked_of(policy_set, process)) for process in policy_set.processes}
    for place in policy_set.criteria():
        criterion = place.criterion
        examples = policy_set.criterion_examples.get(place.id, Examples())
        scenarios = [one for one in asked[place.process.id] if one.criterion == place.id]
        if scenarios or examples.flagged or examples.clear:
            slips = _unseen(cast("Condition", criterion.require), examples)
            yield place.id, [slip for slip in slips if not _ends_otherwise(place.process, criterion, slip, scenarios)]


def _unseen(condition: Condition, examples: Examples) -> list[Slip]:
    """The slips that no example notices."""
    rows = [*examples.flagged, *examples.clear]
    slips = [Slip(replace(condition, tree=tree), text) for tree, text in mutants_of(condition.tree)]
    if not rows or not slips:
        return slips
    wide = wide_of(rows, condition.types)
    columns = [slip.condition.polars(wide).alias(str(n)) for n, slip in enumerate(slips)]
    answers = wide.frame.select(condition.polars(wide).alias("original"), *columns)
    same = answers.select(pl.col(str(n)).eq_missing(pl.col("original")).all() for n in range(len(slips))).row(0)
    return [slip for slip, unseen in zip(slips, same, strict=True) if unseen]


def _ends_otherwise(process: Process, criterion: Criterion, slip: Slip, scenarios: Sequence[Asked]) -> bool:
    """Whether a scenario would end otherwise than it is meant to, if the criterion asked for the slip."""
    slipped = replace(criterion, require=slip.condition)

    def side(criteria: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
        return tuple(slipped if one is criterion else one for one in criteria)

    stages = tuple(replace(stage, entry=side(stage.entry), exit=side(stage.exit)) for stage in process.stages)
    return outcomes(replace(process, stages=stages), scenarios) != [one.wanted for one in scenarios]
