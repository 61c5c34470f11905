"""One comparison as a test on a row: null is below nothing, text compares without case, ids with it."""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.salesforce.records.table import Row
    from sandbox.salesforce.schema.fields import Field

_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EXACT = frozenset({"id", "reference", "int", "double", "percent", "currency", "boolean", "date", "datetime"})


def comparison(read: Callable[[Row], Any], field: Field, op: str, values: list[Any]) -> Callable[[Row], bool]:
    """`read(row) op values`; raises INVALID_FIELD where the operator does not suit the field."""
    folded = read if field.type in _EXACT else _fold(read)
    wanted = [v.casefold() if isinstance(v, str) and field.type not in _EXACT else v for v in values]
    if op in {"includes", "excludes"}:
        return _includes(field, folded, [str(v) for v in wanted], negated=op == "excludes")
    if op == "like":
        return _like(field, read, values[0])
    if op in {"=", "in"}:
        return _member(folded, wanted)
    if op in {"!=", "not in"}:
        inside = _member(folded, wanted)
        return lambda row: not inside(row)
    order, limit = _ORDERS[op], wanted[0]
    if limit is None:
        return lambda _: False

    def run(row: Row) -> bool:
        value = folded(row)
        return value is not None and order(value, limit)

    return run


def _member(read: Callable[[Row], Any], wanted: list[Any]) -> Callable[[Row], bool]:
    if len(wanted) == 1:
        only = wanted[0]
        return lambda row: read(row) == only
    found = frozenset(wanted)
    return lambda row: read(row) in found


def _fold(read: Callable[[Row], Any]) -> Callable[[Row], Any]:
    def folded(row: Row) -> Any:
        value = read(row)
        return value.casefold() if isinstance(value, str) else value

    return folded


def _like(field: Field, read: Callable[[Row], Any], pattern: Any) -> Callable[[Row], bool]:
    if field.type in _EXACT:
        raise ApiError("INVALID_QUERY_FILTER_OPERATOR", f"\ninvalid operator on {field.type} field")
    text = "".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in str(pattern))
    matches = re.compile(text, re.IGNORECASE | re.DOTALL).fullmatch
    return lambda row: matches(read(row) or "") is not None


def _includes(field: Field, read: Callable[[Row], Any], wanted: list[str], *, negated: bool) -> Callable[[Row], bool]:
    if field.type != "multipicklist":
        raise ApiError("INVALID_QUERY_FILTER_OPERATOR", "\nincludes and excludes are for multi-select picklists only")
    sets = [set(w.split(";")) for w in wanted]

    def run(row: Row) -> bool:
        held = set((read(row) or "").split(";"))
        return any(s <= held for s in sets) is not negated

    return run
