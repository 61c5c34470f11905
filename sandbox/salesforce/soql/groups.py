"""COUNT(), aggregates and GROUP BY."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql.parse import malformed
from sandbox.salesforce.soql.tree import Call, Path, Query

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.salesforce.records.table import Row
    from sandbox.salesforce.soql.resolve import Scope

_AGGREGATES: dict[str, Callable[[list[Any]], Any]] = {
    "count": len,
    "count_distinct": lambda values: len(set(values)),
    "max": lambda values: max(values, default=None),
    "min": lambda values: min(values, default=None),
    "sum": lambda values: sum(values) if values else None,
    "avg": lambda values: sum(values) / len(values) if values else None,
}
MOST_GROUPS = 2_000


def is_count(query: Query) -> bool:
    """Whether the query is a bare `SELECT COUNT()`."""
    return len(query.items) == 1 and query.items[0] == Call("count", None)


def is_grouped(query: Query) -> bool:
    """Whether the query answers with aggregate results."""
    return bool(query.group) or any(isinstance(i, Call) and i.name in _AGGREGATES for i in query.items)


def grouped(scope: Scope, query: Query, rows: list[Row]) -> list[dict[str, Any]]:
    """The aggregate results; `query` is the one that `rows` were found for, without sorting and cutting."""
    if query.limit is not None and not query.group:
        raise malformed("Aggregate queries without a GROUP BY take no LIMIT")
    keys = [_key(scope, path) for path in query.group]
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(read(row) for read in keys), []).append(row)
    if not query.group:
        groups.setdefault((), [])
    if len(groups) > MOST_GROUPS:
        raise ApiError(
            "EXCEEDED_ID_LIMIT",
            "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch",
        )
    columns = _columns(scope, query)
    return [
        {"attributes": {"type": "AggregateResult"}, **{n: f(found) for n, f in columns}}
        for found in _ordered(scope, query, groups)
    ]


def _key(scope: Scope, path: Path) -> Callable[[Row], Any]:
    found = scope.resolve(path)
    if not found.field.groupable:
        raise ApiError("INVALID_FIELD", f"\nfield '{found.field.name}' can not be grouped in a query call")
    return found.read


def _columns(scope: Scope, query: Query) -> list[tuple[str, Callable[[list[Row]], Any]]]:
    columns: list[tuple[str, Callable[[list[Row]], Any]]] = []
    unnamed = 0
    allowed = {path.text.lower() for path in query.group}
    for item in query.items:
        if isinstance(item, Path):
            if item.text.lower() not in allowed:
                raise malformed(f"Field must be grouped or aggregated: {item.text}")
            columns.append((item.parts[-1], _first(scope, item)))
        elif isinstance(item, Call):
            columns.append((item.alias or f"expr{unnamed}", _aggregate(scope, item)))
            unnamed += item.alias is None
    return columns


def _first(scope: Scope, path: Path) -> Callable[[list[Row]], Any]:
    read = scope.resolve(path).read
    return lambda rows: read(rows[0])


def _aggregate(scope: Scope, call: Call) -> Callable[[list[Row]], Any]:
    fold = _AGGREGATES.get(call.name)
    if fold is None or call.path is None:
        raise malformed(f"unexpected token: '{call.name}'")
    read = scope.resolve(call.path).read
    return lambda rows: fold([v for v in map(read, rows) if v is not None])


def _ordered(scope: Scope, query: Query, groups: dict[tuple[Any, ...], list[Row]]) -> list[list[Row]]:
    found = list(groups.values())
    allowed = {path.text.lower() for path in query.group}
    for sort in reversed(query.order):
        if isinstance(sort.path, Path) and sort.path.text.lower() not in allowed:
            raise malformed(f"Ordered field must be grouped or aggregated: {sort.path.text}")
        value = _aggregate(scope, sort.path) if isinstance(sort.path, Call) else _first(scope, sort.path)
        found.sort(key=lambda rows, read=value: ((v := read(rows)) is not None, v), reverse=sort.descending)  # type: ignore[misc]
    end = None if query.limit is None else query.offset + query.limit
    return found[query.offset : end]
