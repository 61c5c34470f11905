"""What processes claim: no two the same deals, and only one the remaining ones."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice, product
from math import prod
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from policies.language import Among, Between, Chain, Compare, Const, FactRef, IsBlank, Not, Stands, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from policies.files.node_reader import NodeReader
    from policies.files.yaml_tree import Node
    from policies.language import Condition, Term, Truth


MOST_DEALS: Final = 5_000
"""Most sample deals tried on a pair of claims; pairs that need more are not checked."""
TEXTS: Final = frozenset({"text", "choice"})
ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
ELSE: Final = "something else"
BLANK: Final = None


def overlap(one: Condition, other: Condition) -> Mapping[str, Any] | None:
    """Facts of a deal that both claim; None where there is none, or where the constants cannot decide it.

    Claims that ask about different facts are not compared, because no real deal may match both.
    """
    if one.facts != other.facts or not (_plain(one.tree) and _plain(other.tree)):
        return None
    values = _values(one, other)
    if prod(map(len, values.values())) > MOST_DEALS:
        return None
    deals = (dict(zip(values, picked, strict=True)) for picked in islice(product(*values.values()), MOST_DEALS))
    both = next((deal for deal in deals if _holds(one.tree, deal) and _holds(other.tree, deal)), None)
    written = {const.value: const.shown for claim in (one, other) for _, const in _asked(claim.tree)}
    return both and {name: _shown(value, written) for name, value in both.items()}


def _shown(value: Any, written: Mapping[Any, str]) -> Any:
    """A text as its constant is written."""
    return written.get(value, value) if isinstance(value, str) else value


def _plain(tree: Truth) -> bool:
    """Whether every comparison is of one fact with constants: then these and their neighbours are all that counts."""
    return all(_is_plain(node) for node in walk(tree))


def _is_plain(node: Any) -> bool:
    match node:
        case Compare(left=FactRef(), right=Const()) | Compare(left=Const(), right=FactRef()):
            return True
        case Between(term=FactRef(), low=Const(), high=Const()) | Among(term=FactRef()) | IsBlank(term=FactRef()):
            return True
        case Chain() | Not() | Stands() | FactRef() | Const():
            return True
        case _:
            return False


def _values(*claims: Condition) -> dict[str, list[Any]]:
    """Fact → the values that could make a difference, blank last, because a filled value makes a better example."""
    types = {name: kind for claim in claims for name, kind in claim.types.items()}
    found: dict[str, dict[Any, None]] = {name: {} for name in sorted(types)}
    for claim in claims:
        for name, const in _asked(claim.tree):
            found[name].update(dict.fromkeys(_near(const.value)))
    for name, kind in types.items():
        found[name].update(dict.fromkeys([True, False] if kind == "yes/no" else [ELSE] if kind in TEXTS else []))
    return {name: [*values, BLANK] for name, values in found.items()}


def _asked(tree: Truth) -> Iterator[tuple[str, Const]]:
    """Each constant with the fact that it is compared with."""
    for node in walk(tree):
        match node:
            case Compare(left=FactRef(name=name), right=Const() as const):
                yield name, const
            case Compare(left=Const() as const, right=FactRef(name=name)):
                yield name, const
            case Between(term=FactRef(name=name), low=Const() as low, high=Const() as high):
                yield from ((name, low), (name, high))
            case Among(term=FactRef(name=name), among=consts):
                yield from ((name, const) for const in consts)


def _near(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, Decimal):
        yield from (value - 1, value + 1, value - Decimal("0.000001"), value + Decimal("0.000001"))
    elif isinstance(value, date):
        yield from (value - timedelta(days=1), value + timedelta(days=1))


def _holds(node: Truth, deal: Mapping[str, Any]) -> bool:  # noqa: PLR0911 - a return for each kind of node
    """The truth table of language/truth_table.py for known facts; a comparison on a blank is not met."""
    match node:
        case Chain(word=word, parts=parts):
            return (all if word == "and" else any)(_holds(part, deal) for part in parts)
        case Not(of=part):
            return not _holds(part, deal)
        case IsBlank(term=FactRef(name=name), negated=negated):
            return (deal[name] is BLANK) != negated
        case Stands(fact=fact):
            return deal[fact.name] is True
        case Between(term=term, low=low, high=high):
            return _compared(">=", term, low, deal) and _compared("<=", term, high, deal)
        case Among(term=term, among=consts, negated=negated):
            equal = [_compared("!=" if negated else "=", term, const, deal) for const in consts]
            return all(equal) if negated else any(equal)
        case Compare(operator=sign, left=left, right=right):
            return _compared(sign, left, right, deal)
        case _:
            return False


def _compared(sign: str, left: Term, right: Term, deal: Mapping[str, Any]) -> bool:
    one, two = _value(left, deal), _value(right, deal)
    return one is not BLANK and two is not BLANK and ORDER[sign](one, two)


def _value(term: Term, deal: Mapping[str, Any]) -> Any:
    return term.value if isinstance(term, Const) else deal[term.name] if isinstance(term, FactRef) else BLANK


Rest: TypeAlias = Literal["the rest"]
THE_REST: Final[Rest] = "the rest"
"""The claim of a process without applies_to."""


@dataclass
class Claims:
    """The claims taken so far, with the ids of their processes."""

    taken: dict[Truth | Rest, str] = field(default_factory=dict)
    read: dict[str, Condition] = field(default_factory=dict)

    def take(self, reader: NodeReader, node: Node, process: str, claim: Condition | Rest | None) -> None:
        """Note where another process claims the same; claims that could not be read (None) are skipped."""
        if claim is None:
            return
        other = self.taken.setdefault(claim if claim == THE_REST else claim.tree, process)
        if other == process:
            self._apart(reader, node, process, claim)
            return
        if claim == THE_REST:
            both = f"'{process}' and '{other}' both take the deals that no other process claims"
            reader.note(node, f"{both}; give one an applies_to")
        else:
            reader.note(node, f"'{process}' and '{other}' claim the same deals; a deal belongs to one process")

    def _apart(self, reader: NodeReader, node: Node, process: str, claim: Condition | Rest) -> None:
        """Note the first process with an overlapping claim on the same facts."""
        if isinstance(claim, str):
            return
        for other, theirs in self.read.items():
            if deal := overlap(claim, theirs):
                both = f"'{process}' and '{other}' both claim a deal whose {_in_words(deal)}"
                reader.note(node, f"{both}; a deal belongs to one process, so narrow one")
                break
        self.read[process] = claim


def _in_words(deal: Mapping[str, Any]) -> str:
    """The deal's facts in words."""
    words = {True: "yes", False: "no", None: "blank"}
    return " and ".join(
        f"{name.replace('_', ' ')} is {words[value] if value is None or isinstance(value, bool) else value}"
        for name, value in deal.items()
    )
