"""Which properties have to be filled in for a criterion to hold, and what of it that leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.language import Chain, FactRef, IsBlank, Stands, facts_of, in_english, required_facts, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from model.sync import Source
    from policies.language import Condition, Truth


def to_fill(condition: Condition, why: Mapping[str, str], sources: Mapping[str, Source]) -> tuple[str, ...]:
    """Facts that have to be filled in and can be; `why`: why a fact is no property, empty where it is."""
    return tuple(
        name for name in sorted(required_facts(condition.tree))
        if not why[name] and _blank_fails(name, condition.tree, sources[name])
    )  # fmt: skip


def _blank_fails(name: str, tree: Truth, source: Source) -> bool:
    """Whether an empty property cannot hold: one that is read as No still fails where a yes is asked for."""
    if source.when_blank is None:
        return True
    stands = sum(isinstance(node, Stands) and node.fact.name == name for node in walk(tree))
    named = sum(isinstance(node, FactRef) and node.name == name for node in walk(tree))
    return source.when_blank is False and stands == named


def rest_of(
    condition: Condition, facts: tuple[str, ...], why: Mapping[str, str], sources: Mapping[str, Source]
) -> Iterator[str]:
    """What is not enforced where these facts are required, in sentences."""
    yield from (why[name] for name in sorted(condition.facts) if why[name])
    for part in _parts(condition.tree):
        filled = [sources[name].label for name in sorted(required_facts(part) & set(facts))]
        plain = isinstance(part, IsBlank) and part.negated and isinstance(part.term, FactRef)
        if plain and filled and condition.filler:
            yield f"{', '.join(sorted(condition.filler))} in {filled[0]} count as filled in"
        elif filled and not plain:
            yield f"“{in_english(part)}” is not asked, only that {' and '.join(filled)} is filled in"
        elif not filled and not all(why[name] for name in facts_of(part)):
            yield f"“{in_english(part)}” is not asked"


def _parts(tree: Truth) -> tuple[Truth, ...]:
    return tree.parts if isinstance(tree, Chain) and tree.word == "and" else (tree,)
