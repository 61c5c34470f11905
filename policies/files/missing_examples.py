"""What no example tries yet: kinds of examples that an entry lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from policies.files.policy import Examples

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.files.policy import PolicySet

POLICY_NEEDS: Final = ("flagged", "clear")
CRITERION_NEEDS: Final = ("met", "missed", "healed")


@dataclass(frozen=True)
class Untested:
    """A policy or criterion (`process/stage/criterion`), and the kinds of examples that it lacks."""

    id: str
    lacks: tuple[str, ...]


def untested(policy_set: PolicySet) -> list[Untested]:
    """Every written entry that lacks an example of some kind, in the order of its file."""
    return [one for one in _entries(policy_set) if one.lacks]


def _entries(policy_set: PolicySet) -> Iterator[Untested]:
    for policy in policy_set.policies:
        needs = (*POLICY_NEEDS, "not_applicable") if policy.applies_to else POLICY_NEEDS
        if not policy.generated:
            yield Untested(policy.id, lacking(policy.examples, needs))
    for process in policy_set.processes:
        for stage in process.stages:
            for criterion in (*stage.entry, *stage.exit):
                name = f"{process.id}/{stage.id}/{criterion.id}"
                yield Untested(name, lacking(policy_set.criterion_examples.get(name, Examples()), CRITERION_NEEDS))


def lacking(examples: Examples, needs: Sequence[str]) -> tuple[str, ...]:
    """Those of the kinds of which there is no example."""
    return tuple(kind for kind in needs if not getattr(examples, kind))


def total(policy_set: PolicySet) -> int:
    """How many examples there are."""
    told = [*(policy.examples for policy in policy_set.policies), *policy_set.criterion_examples.values()]
    return sum(len(getattr(examples, kind)) for examples in told for kind in Examples.__dataclass_fields__)
