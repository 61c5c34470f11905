"""Associations: which records belong together, and by which types; both directions are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HUBSPOT, USER = "HUBSPOT_DEFINED", "USER_DEFINED"


@dataclass(frozen=True)
class LinkType:
    """One type of association in one direction; `inverse` is its number the other way."""

    number: int
    inverse: int
    label: str | None = None
    category: str = HUBSPOT
    name: str = ""

    def body(self) -> dict[str, Any]:
        """As the API shows it."""
        return {"category": self.category, "typeId": self.number, "label": self.label}


_DEFAULT: Final[dict[tuple[str, str], tuple[int, int]]] = {
    ("deals", "contacts"): (3, 4),
    ("deals", "companies"): (341, 342),
    ("contacts", "companies"): (279, 280),
    **{
        (parent, kind): (first + step, first + step + 1)
        for parent, first in (("deals", 205), ("contacts", 193), ("companies", 181))
        for kind, step in (("calls", 0), ("emails", 4), ("meetings", 6), ("notes", 8), ("tasks", 10))
    },
    ("deals", "deals"): (451, 451),
}
_PRIMARY: Final = {("deals", "companies"): (5, 6), ("contacts", "companies"): (1, 2)}
_FIRST_OWN = 36


class Links:
    """All associations of the portal."""

    def __init__(self) -> None:
        self.types: dict[tuple[str, str], list[LinkType]] = {}
        self._pairs: dict[tuple[str, str], dict[int, dict[int, set[int]]]] = {}
        self._next = _FIRST_OWN
        for (one, other), (number, inverse) in _DEFAULT.items():
            self._define(one, other, LinkType(number, inverse))
        for (one, other), (number, inverse) in _PRIMARY.items():
            self._define(one, other, LinkType(number, inverse, "Primary"))

    def _define(self, one: str, other: str, made: LinkType, back: str | None = None) -> None:
        self.types.setdefault((one, other), []).append(made)
        if one != other:
            label = made.label if back is None else back
            inverse = LinkType(made.inverse, made.number, label, made.category, made.name)
            self.types.setdefault((other, one), []).append(inverse)

    def add_label(self, one: str, other: str, label: str, *, back: str | None = None, name: str = "") -> LinkType:
        """A label of the customer's own, in both directions."""
        made = LinkType(self._next, self._next + 1, label, USER, name or label.lower().replace(" ", "_"))
        self._next += 2
        self._define(one, other, made, back)
        return made

    def drop_label(self, one: str, other: str, number: int) -> bool:
        """Take a label of the customer's own away; whether there was one."""
        gone = next((t for t in self.types.get((one, other), []) if t.number == number and t.category == USER), None)
        if gone is None:
            return False
        self.types[one, other].remove(gone)
        self.types[other, one] = [t for t in self.types[other, one] if t.number != gone.inverse]
        for pairs, taken in ((self._pairs.get((one, other)), number), (self._pairs.get((other, one)), gone.inverse)):
            for found in (pairs or {}).values():
                for numbers in found.values():
                    numbers.discard(taken)
        return True

    def type_of(self, one: str, other: str, number: int) -> LinkType | None:
        """A type by its number."""
        return next((t for t in self.types.get((one, other), ()) if t.number == number), None)

    def default(self, one: str, other: str) -> LinkType | None:
        """The unlabelled type of a pair of object types."""
        return next((t for t in self.types.get((one, other), ()) if t.label is None), None)

    def put(self, one: str, a: int, other: str, b: int, types: Iterable[LinkType]) -> None:
        """Associate two records by these types; the unlabelled one comes along, and of primary ones there is one."""
        plain = self.default(one, other)
        wanted = {*types, *([plain] if plain else ())}
        for each in wanted:
            if each.label == "Primary":
                self._only(one, a, other, each)
            self._side(one, other, a).setdefault(b, set()).add(each.number)
            self._side(other, one, b).setdefault(a, set()).add(each.inverse)

    def _only(self, one: str, a: int, other: str, primary: LinkType) -> None:
        for b, numbers in self._side(one, other, a).items():
            if primary.number in numbers:
                numbers.discard(primary.number)
                self._side(other, one, b)[a].discard(primary.inverse)

    def _side(self, one: str, other: str, a: int) -> dict[int, set[int]]:
        return self._pairs.setdefault((one, other), {}).setdefault(a, {})

    def cut(self, one: str, a: int, other: str, b: int, types: Iterable[LinkType] | None = None) -> None:
        """Part two records, or take only these types off them."""
        here = self._side(one, other, a).get(b)
        if here is None:
            return
        for each in list(types) if types is not None else ():
            here.discard(each.number)
            self._side(other, one, b)[a].discard(each.inverse)
        if types is None or not here:
            del self._side(one, other, a)[b]
            self._side(other, one, b).pop(a, None)

    def of(self, one: str, a: int, other: str) -> dict[int, set[int]]:
        """Ids of the other type that belong to a record, with the numbers of their types."""
        return self._pairs.get((one, other), {}).get(a, {})

    def kinds(self, one: str, a: int) -> Iterator[tuple[str, dict[int, set[int]]]]:
        """Every object type with what of it belongs to a record."""
        for (start, other), pairs in self._pairs.items():
            if start == one and pairs.get(a):
                yield other, pairs[a]
