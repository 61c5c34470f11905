"""Which facts have to be filled in for a condition to hold at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.language.tree import Chain, IsBlank, Not, facts_of

if TYPE_CHECKING:
    from policies.language.tree import Truth


def needs(node: Truth, *, wanted: bool = True) -> frozenset[str]:
    """Facts without which the node cannot surely be `wanted`: a comparison on a blank is not met."""
    match node:
        case Chain(word=word, parts=parts):
            each = [needs(part, wanted=wanted) for part in parts]
            return frozenset.union(*each) if (word == "and") == wanted else frozenset.intersection(*each)
        case Not(of=part):
            return needs(part, wanted=not wanted)
        case IsBlank(term=term, negated=negated):
            return facts_of(term) if wanted == negated else frozenset()
        case _:
            return facts_of(node) if wanted else frozenset()
