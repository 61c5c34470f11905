"""Questions about a whole policy set: its revisions, its conditions, its missing examples."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from policies.files.policy import Examples
from policies.language import Among, Compare, Condition, Const, FactRef, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.files.policy import PolicySet


NOT_HASHED: Final = frozenset(
    {"examples", "file", "line", "revision", "source", "criterion_examples", "digest", "files", "declared", "waivers"}
)
"""Fields that change no verdict and nothing on a record."""
HASHED_IF_SET: Final = frozenset({"actions"})
"""Fields added after the first release; left out while empty, so that older policies keep their revisions."""


def revision(value: object) -> str:
    """Twelve hex digits that change with the meaning of a policy, a process or a set of them."""
    return hashlib.blake2b(repr(_plain(value)).encode(), digest_size=6).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Condition):
        return repr(value.tree), sorted(value.filler), value.blank
    if is_dataclass(value):
        return [
            (one.name, _plain(part)) for one in fields(value) if _counts(one.name, part := getattr(value, one.name))
        ]
    if isinstance(value, Mapping):
        return sorted((key, _plain(part)) for key, part in value.items())
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value


def _counts(name: str, value: object) -> bool:
    return name not in NOT_HASHED and (name not in HASHED_IF_SET or bool(value))


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
        yield from (cast("Condition", place.criterion.require) for place in process.criteria())


POLICY_NEEDS: Final = ("flagged", "clear")
CRITERION_NEEDS: Final = ("met", "missed", "healed")


@dataclass(frozen=True)
class Untested:
    """A policy or criterion (`process/stage/criterion`), and the kinds of examples that it lacks."""

    id: str
    lacks: tuple[str, ...]


def untested(policy_set: PolicySet) -> list[Untested]:
    """Every written policy and criterion that lacks a kind of example, in file order."""
    return [one for one in _entries(policy_set) if one.lacks]


def _entries(policy_set: PolicySet) -> Iterator[Untested]:
    for policy in policy_set.policies:
        needs = (*POLICY_NEEDS, "not_applicable") if policy.applies_to else POLICY_NEEDS
        if not policy.generated:
            yield Untested(policy.id, missing_kinds(policy.examples, needs))
    for place in policy_set.criteria():
        examples = policy_set.criterion_examples.get(place.id, Examples())
        yield Untested(place.id, missing_kinds(examples, CRITERION_NEEDS))


def missing_kinds(examples: Examples, needs: Sequence[str]) -> tuple[str, ...]:
    """The kinds without an example."""
    return tuple(kind for kind in needs if not getattr(examples, kind))


def example_count(policy_set: PolicySet) -> int:
    """How many examples there are."""
    examples = [*(policy.examples for policy in policy_set.policies), *policy_set.criterion_examples.values()]
    return sum(len(getattr(one, kind)) for one in examples for kind in Examples.__dataclass_fields__)
