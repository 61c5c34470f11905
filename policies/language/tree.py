"""The tree of a condition: typed nodes without sqlglot.

Truth (true, false, unknown): Chain, Not, Compare, Between, Among, Contains, IsBlank, Stands.
Term (a value, blank or unknown): Const, FactRef, Call, Arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from model.facts import FactType

Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]
Sign: TypeAlias = Literal["+", "-", "*", "/"]
BlankRule: TypeAlias = Literal["false", "unknown"]
"""What a comparison on a blank is."""
Group: TypeAlias = Literal["text", "yes/no", "number", "date", "list"]
Function: TypeAlias = Literal["days_since", "days_until", "business_days_since", "lower", "length"]


@dataclass(frozen=True)
class Const:
    """A constant: text trimmed and in lower case, number exact, date, true or false; `shown` as it was written."""

    value: str | bool | Decimal | date
    shown: str
    at: int = field(default=0, compare=False, repr=False)  # its place in the text


@dataclass(frozen=True)
class FactRef:
    """A fact by name."""

    name: str
    type: FactType


@dataclass(frozen=True)
class Call:
    """A function of one fact: days of a date, or a text in lower case or its length in characters."""

    function: Function
    fact: FactRef


@dataclass(frozen=True)
class Arithmetic:
    """Two numbers combined, exactly; a division by zero is unknown."""

    sign: Sign
    left: Term
    right: Term


@dataclass(frozen=True)
class Compare:
    """Two terms compared."""

    operator: Operator
    left: Term
    right: Term


@dataclass(frozen=True)
class Between:
    """A term between two others, both included."""

    term: Term
    low: Term
    high: Term


@dataclass(frozen=True)
class Among:
    """A term that is (`negated`: is not) one of some constants; like `=` and `!=` both are false on a blank."""

    term: Term
    among: tuple[Const, ...]
    negated: bool


@dataclass(frozen=True)
class Contains:
    """A text that has a part, or a list that has an element."""

    term: Term
    part: Const


@dataclass(frozen=True)
class IsBlank:
    """Whether a term is blank (`negated`: is not)."""

    term: Term
    negated: bool


@dataclass(frozen=True)
class Stands:
    """A yes/no fact that stands alone: it is true."""

    fact: FactRef


@dataclass(frozen=True)
class Not:
    """Kleene's not."""

    of: Truth


@dataclass(frozen=True)
class Chain:
    """Kleene's and, or over two and more parts, flattened."""

    word: Literal["and", "or"]
    parts: tuple[Truth, ...]


Term: TypeAlias = Const | FactRef | Call | Arithmetic
Truth: TypeAlias = Compare | Between | Among | Contains | IsBlank | Stands | Not | Chain
Node: TypeAlias = Term | Truth
NODES: Final = (Const, FactRef, Call, Arithmetic, Compare, Between, Among, Contains, IsBlank, Stands, Not, Chain)


def children(node: Node) -> tuple[Node, ...]:
    """The parts of a node in order of text."""
    values = (getattr(node, part.name) for part in fields(node))
    flat = (part for value in values for part in (value if isinstance(value, tuple) else (value,)))
    return tuple(part for part in flat if isinstance(part, NODES))


def walk(node: Node) -> Iterator[Node]:
    """A node and everything under it, in order of text."""
    yield node
    for part in children(node):
        yield from walk(part)


def in_business_days(node: Any) -> Any:
    """The same with every `days_since` counted in business days."""
    if isinstance(node, Call):
        return replace(node, function="business_days_since") if node.function == "days_since" else node
    if isinstance(node, tuple):
        return tuple(in_business_days(part) for part in node)
    if not isinstance(node, NODES):
        return node
    return replace(node, **{part.name: in_business_days(getattr(node, part.name)) for part in fields(node)})


def facts_of(node: Node) -> frozenset[str]:
    """Names of the facts under a node."""
    return frozenset(part.name for part in walk(node) if isinstance(part, FactRef))


def required_facts(node: Truth, *, wanted: bool = True) -> frozenset[str]:
    """Facts without which the node cannot surely be `wanted`: a comparison on a blank is not met."""
    match node:
        case Chain(word=word, parts=parts):
            each = [required_facts(part, wanted=wanted) for part in parts]
            return frozenset.union(*each) if (word == "and") == wanted else frozenset.intersection(*each)
        case Not(of=part):
            return required_facts(part, wanted=not wanted)
        case IsBlank(term=term, negated=negated):
            return facts_of(term) if wanted == negated else frozenset()
        case _:
            return facts_of(node) if wanted else frozenset()


def group(term: Term) -> Group:
    """The kind of value, with choices as texts and money as numbers."""
    match term:
        case FactRef(type="text" | "choice") | Call(function="lower") | Const(value=str()):
            return "text"
        case FactRef(type="yes/no") | Const(value=bool()):
            return "yes/no"
        case FactRef(type="date") | Const(value=date()):
            return "date"
        case FactRef(type="list"):
            return "list"
        case _:
            return "number"
