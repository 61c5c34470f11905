"""Conditions near a condition: a limit that counts or does not, a part left out. Examples should tell them apart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from policies.language.english import english
from policies.language.tree import Between, Chain, Compare, Not

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.language.tree import Operator, Truth

AT_THE_LIMIT: Final[dict[Operator, Operator]] = {">=": ">", ">": ">=", "<=": "<", "<": "<="}


def near(tree: Truth) -> Iterator[tuple[Truth, str]]:
    """Each tree that differs from this one by a single slip, with the slip in words."""
    match tree:
        case Chain(parts=parts):
            yield from _without_one(tree)
            for n, part in enumerate(parts):
                for other, slip in near(part):
                    yield replace(tree, parts=(*parts[:n], other, *parts[n + 1 :])), slip
        case Not(of=part):
            for other, slip in near(part):
                yield Not(other), slip
        case Compare(operator=operator) if operator in AT_THE_LIMIT:
            other = replace(tree, operator=AT_THE_LIMIT[operator])
            yield other, f"“{english(tree)}” or “{english(other)}”"
        case Between(term=term, low=low, high=high):
            both = Compare(">=", term, low), Compare("<=", term, high)
            for n, side in enumerate(both):
                strict = replace(side, operator=AT_THE_LIMIT[side.operator])
                yield Chain("and", (*both[:n], strict, *both[n + 1 :])), f"“{english(side)}” or “{english(strict)}”"


def _without_one(chain: Chain) -> Iterator[tuple[Truth, str]]:
    for n, part in enumerate(chain.parts):
        rest = (*chain.parts[:n], *chain.parts[n + 1 :])
        yield rest[0] if len(rest) == 1 else replace(chain, parts=rest), f"with or without “{english(part)}”"
