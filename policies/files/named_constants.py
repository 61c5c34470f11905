"""What conditions of a policy set name: the constants that a fact is compared with, and where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

from policies.language.tree import Among, Compare, Const, FactRef, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.files.policy import PolicySet
    from policies.language.condition import Condition

Where: TypeAlias = "tuple[str, int, int]"


def constants_of(policies: PolicySet, fact: str) -> Iterator[tuple[Const, Where]]:
    """Each constant that the fact is compared with, with file, line and column of its condition."""
    for condition in conditions_of(policies):
        for node in walk(condition.tree):
            match node:
                case Compare(left=FactRef(name=name), right=Const() as const) if name == fact:
                    yield const, condition.where
                case Compare(left=Const() as const, right=FactRef(name=name)) if name == fact:
                    yield const, condition.where
                case Among(term=FactRef(name=name), among=consts) if name == fact:
                    yield from ((const, condition.where) for const in consts)


def conditions_of(policies: PolicySet) -> Iterator[Condition]:
    """Every condition as written, of policies, processes and criteria."""
    for policy in policies.policies:
        if not policy.generated:
            yield from (one for one in (policy.applies_to, policy.flag_if) if one)
    for process in policies.processes:
        if process.applies_to:
            yield cast("Condition", process.applies_to)
        for stage in process.stages:
            yield from (cast("Condition", criterion.require) for criterion in (*stage.entry, *stage.exit))
