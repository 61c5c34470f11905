"""Formulas as nested function calls: simplified while they are made, and laid out so that people can read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH: Final = 100
INDENT: Final = "  "


@dataclass(frozen=True)
class Fn:
    """A function call; its arguments are calls or formula text."""

    name: str
    args: tuple[Expr, ...]


Expr: TypeAlias = "str | Fn"
TRUE: Final = "TRUE"
FALSE: Final = "FALSE"


def fn(name: str, *args: Expr) -> Fn:
    """A call of a function."""
    return Fn(name, args)


def all_of(*parts: Expr) -> Expr:
    """AND, flattened; each part once, in order."""
    return _joined("AND", parts, neutral=TRUE, decides=FALSE)


def any_of(*parts: Expr) -> Expr:
    """OR, flattened; each part once, in order."""
    return _joined("OR", parts, neutral=FALSE, decides=TRUE)


def _joined(name: str, parts: tuple[Expr, ...], neutral: str, decides: str) -> Expr:
    flat = dict.fromkeys(one for part in parts for one in _of(name, part) if one != neutral)
    if decides in flat:
        return decides
    match list(flat):
        case []:
            return neutral
        case [only]:
            return only
        case several:
            return Fn(name, tuple(several))


def _of(name: str, part: Expr) -> Iterator[Expr]:
    if isinstance(part, Fn) and part.name == name:
        yield from part.args
    else:
        yield part


def negated(part: Expr) -> Expr:
    """NOT, never twice."""
    if isinstance(part, Fn) and part.name == "NOT":
        return part.args[0]
    return {TRUE: FALSE, FALSE: TRUE}.get(part, Fn("NOT", (part,))) if isinstance(part, str) else Fn("NOT", (part,))


def chosen(when: Expr, then: Expr, otherwise: Expr) -> Expr:
    """IF, which reads only the branch that it takes."""
    if when in {TRUE, FALSE}:
        return then if when == TRUE else otherwise
    if (then, otherwise) == (FALSE, TRUE):
        return negated(when)
    return then if then == otherwise else Fn("IF", (when, then, otherwise))


def laid_out(part: Expr, depth: int = 0) -> str:
    """The formula's text; a call that is too long for a line has its arguments on lines of their own."""
    line = one_line(part)
    if isinstance(part, str) or len(line) + len(INDENT) * depth <= WIDTH:
        return line
    inside = INDENT * (depth + 1)
    return (
        f"{part.name}(\n" + ",\n".join(inside + laid_out(arg, depth + 1) for arg in part.args) + f"\n{INDENT * depth})"
    )


def one_line(part: Expr) -> str:
    """The formula's text on one line."""
    return part if isinstance(part, str) else f"{part.name}({', '.join(map(one_line, part.args))})"
