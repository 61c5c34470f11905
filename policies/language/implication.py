"""Whether a condition surely holds wherever others do, by their shape alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.language.tree import Chain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policies.language.tree import Truth


def implied(wanted: Truth, given: Iterable[Truth]) -> bool:
    """Whether `wanted` is one of the given conditions, a part of an `and`, or an `or` over one of them.

    False says only that the shapes do not tell.
    """
    held = [part for one in given for part in _parts(one)]
    return _follows(wanted, held)


def _parts(tree: Truth) -> Iterable[Truth]:
    return (tree, *tree.parts) if isinstance(tree, Chain) and tree.word == "and" else (tree,)


def _follows(wanted: Truth, held: list[Truth]) -> bool:
    if wanted in held:
        return True
    if not isinstance(wanted, Chain):
        return False
    return (all if wanted.word == "and" else any)(_follows(part, held) for part in wanted.parts)
