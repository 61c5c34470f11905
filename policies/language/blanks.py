"""What `!=` and `not in` leave out because a value is blank: a comparison on a blank is not met."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from policies.language.tree import NODES, Among, Chain, Compare, FactRef, IsBlank, facts_of, walk

if TYPE_CHECKING:
    from policies.language.tree import Truth


def unequal(tree: Truth) -> frozenset[str]:
    """The facts that the tree compares by `!=` or `not in`."""
    return frozenset(name for node in walk(tree) if _denies(node) for name in facts_of(node))


def with_blanks(tree: Truth) -> Truth:
    """The same condition, where `!=` and `not in` also hold of a blank."""
    found: Truth = _with_blanks(tree)
    return found


def _with_blanks(node: Any) -> Any:
    if isinstance(node, tuple):
        return tuple(_with_blanks(part) for part in node)
    if _denies(node):
        blanks = [IsBlank(part, negated=False) for part in walk(node) if isinstance(part, FactRef)]
        return Chain("or", (*blanks, node))
    if not isinstance(node, NODES):
        return node
    return replace(node, **{part.name: _with_blanks(getattr(node, part.name)) for part in fields(node)})


def _denies(node: Any) -> bool:
    return (isinstance(node, Compare) and node.operator == "!=") or (isinstance(node, Among) and node.negated)
