"""Search filters: what each operator asks of a record's values."""

from __future__ import annotations

import operator as operators
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from sandbox.hubspot.clock import moment
from sandbox.hubspot.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.hubspot.schema.definitions import Property

_ORDERED: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "LT": operators.lt,
    "LTE": operators.le,
    "GT": operators.gt,
    "GTE": operators.ge,
}
_NO_VALUE: Final = ("HAS_PROPERTY", "NOT_HAS_PROPERTY")
_LISTS: Final = ("IN", "NOT_IN")
_TOKENS: Final = ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN")
OPERATORS: Final = frozenset({"EQ", "NEQ", "BETWEEN", *_ORDERED, *_NO_VALUE, *_LISTS, *_TOKENS})
_WORD = re.compile(r"\w+")


def test_of(known: Property, given: dict[str, Any]) -> Callable[[str], bool]:
    """A test of a value; an empty text is a value that is not set. Raises the 400 of a filter that does not fit."""
    operator = given.get("operator")
    if operator not in OPERATORS:
        raise invalid(f"Invalid input JSON: operator {operator} is not one of {sorted(OPERATORS)}")
    if operator in _NO_VALUE:
        return _has(operator, given)
    if operator in _LISTS:
        return _within(known, operator, given)
    if operator in _TOKENS:
        return _tokens(operator, _needed(given, "value"))
    return _compared(known, operator, given)


def _needed(given: dict[str, Any], key: str) -> str:
    value = given.get(key)
    if value is None or isinstance(value, (list, dict)):
        raise invalid(f"Operator {given['operator']} requires {key} to be set")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _has(operator: str, given: dict[str, Any]) -> Callable[[str], bool]:
    if {"value", "values", "highValue"} & {key for key, value in given.items() if value is not None}:
        raise invalid(f"Operator {operator} must not be given a value")
    return bool if operator == "HAS_PROPERTY" else lambda text: not text


def _within(known: Property, operator: str, given: dict[str, Any]) -> Callable[[str], bool]:
    """Texts are kept in lower case, and what is asked for is taken as it comes."""
    values = given.get("values")
    if not isinstance(values, list) or not values:
        raise invalid(f"Operator {operator} requires values to be a list that is not empty")
    key = _folded if known.type == "string" else _plain(known)
    asked = {value if known.type == "string" else key(str(value)) for value in map(str, values)}
    if known.field_type == "checkbox":
        return _any_of({str(value) for value in values}, operator)
    if operator == "IN":
        return lambda text: bool(text) and key(text) in asked
    return lambda text: bool(text) and key(text) not in asked


def _any_of(asked: set[str], operator: str) -> Callable[[str], bool]:
    inside = operator == "IN"
    return lambda text: bool(text) and (not asked.isdisjoint(text.split(";"))) == inside


def _folded(text: str) -> str:
    return text.lower()


def _tokens(operator: str, wanted: str) -> Callable[[str], bool]:
    """Whole words; `*` stands for any part of one."""
    pattern = re.compile(".*".join(map(re.escape, wanted.lower().split("*"))))
    words = [re.compile(".*".join(map(re.escape, w.split("*")))) for w in wanted.lower().split()]

    def holds(text: str) -> bool:
        low = text.lower()
        found = [*_WORD.findall(low), *low.split()]
        return bool(pattern.fullmatch(low)) or all(any(w.fullmatch(word) for word in found) for w in words)

    if operator == "CONTAINS_TOKEN":
        return lambda text: bool(text) and holds(text)
    return lambda text: not holds(text)


def _compared(known: Property, operator: str, given: dict[str, Any]) -> Callable[[str], bool]:
    key = _folded if known.type == "string" else _plain(known)
    value = _read(known, key, _needed(given, "value"))
    if operator == "BETWEEN":
        high = _read(known, key, _needed(given, "highValue"))
        return lambda text: bool(text) and value <= key(text) <= high
    if operator == "EQ":
        return lambda text: bool(text) and key(text) == value
    if operator == "NEQ":
        return lambda text: bool(text) and key(text) != value
    holds = _ORDERED[operator]
    return lambda text: bool(text) and holds(key(text), value)


def _read(known: Property, key: Callable[[str], Any], text: str) -> Any:
    try:
        return key(text)
    except (ValueError, InvalidOperation) as error:
        raise invalid(f"{text} is not a valid {known.type} for property {known.name}") from error


def _plain(known: Property) -> Callable[[str], Any]:
    """How values of a property compare: enumerations by their exact value, with regard to case."""
    if known.type in {"datetime", "date"}:
        return moment
    if known.type == "number":
        return _number
    return str


def _number(text: str) -> Decimal:
    return Decimal(text)


def sort_key(known: Property) -> Callable[[str], Any]:
    """How values of a property are put in order; what is not set comes last either way."""
    return _folded if known.type == "string" else _plain(known)
