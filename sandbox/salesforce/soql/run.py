"""A query to rows: find candidates by index, test them, sort, cut."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql.parse import malformed
from sandbox.salesforce.soql.resolve import Scope
from sandbox.salesforce.soql.tree import Both, Call, Compare, Condition, Path, Query, Sort
from sandbox.salesforce.soql.where import Filter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sandbox.salesforce.org import Org
    from sandbox.salesforce.records.table import Row, Table

_INDEXED = ("SystemModstamp", "CreatedDate", "LastModifiedDate", "Id")
_TEXTUAL = frozenset({"string", "textarea", "picklist", "email", "url", "phone", "combobox"})


def select(
    org: Org, user_id: str, query: Query, *, deleted: bool = False, within: list[Row] | None = None
) -> tuple[Scope, list[Row]]:
    """The rows that a query finds, sorted and cut, and their scope; `within` narrows a child query."""
    scope = Scope(org, user_id, org.entity(query.entity), query.alias)
    table = org.tables[scope.entity.name]
    filters = Filter(scope, org.clock.today(), lambda inner: _semi(org, user_id, inner))
    rows: Iterable[Row] = within if within is not None else _candidates(table, scope, filters, query)
    if not deleted:
        rows = [r for r in rows if not r["IsDeleted"]]
    if query.where:
        test = filters.test(query.where)
        rows = [r for r in rows if test(r)]
    if scope.entity.name == "OpportunityFieldHistory":
        rows = _of_visible_fields(org, user_id, rows)
    unseen = org.access.unseen.get((user_id, scope.entity.name))
    found = [r for r in rows if not unseen(r)] if unseen else list(rows)
    return scope, _cut(_sorted(scope, found, query.order), query)


def _of_visible_fields(org: Org, user_id: str, rows: Iterable[Row]) -> list[Row]:
    """Field history obeys the field security of its opportunity."""
    seen = org.access.fields(user_id, org.objects["Opportunity"]).keys()
    fields = seen | {"created"} | {name.removesuffix("Id") for name in seen & {"OwnerId", "RecordTypeId"}}
    return [r for r in rows if r["Field"] in fields]


def _semi(org: Org, user_id: str, query: Query) -> set[Any]:
    if len(query.items) != 1 or not isinstance(query.items[0], Path):
        raise malformed("Semi join sub-selects must select exactly one field")
    scope, rows = select(org, user_id, query)
    read = scope.resolve(query.items[0]).read
    return {value for value in map(read, rows) if value is not None}


def _cut(rows: list[Row], query: Query) -> list[Row]:
    end = None if query.limit is None else query.offset + query.limit
    return rows[query.offset : end]


def _sorted(scope: Scope, rows: list[Row], order: tuple[Sort, ...]) -> list[Row]:
    stamps = [s.path.text for s in order if isinstance(s.path, Path) and s.path.text in _INDEXED and not s.descending]
    if order and len(stamps) == len(order):
        return sorted(rows, key=itemgetter(*stamps))
    for sort in reversed(order):
        if isinstance(sort.path, Call):
            continue
        found = scope.resolve(sort.path)
        if not found.field.filterable:
            raise ApiError("INVALID_FIELD", f"\nfield '{found.field.name}' can not be sorted in a query call")
        rows.sort(key=_key(found.read, sort, text=found.field.type in _TEXTUAL), reverse=sort.descending)
    return rows


def _key(read: Callable[[Row], Any], sort: Sort, *, text: bool) -> Callable[[Row], Any]:
    missing = 1 if sort.nulls_last is not sort.descending else -1

    def key(row: Row) -> tuple[int, Any]:
        value = read(row)
        if value is None:
            return (missing, "")
        return (0, value.casefold() if text else value)

    return key


def _candidates(table: Table, scope: Scope, filters: Filter, query: Query) -> Iterable[Row]:
    """Rows by the best index that the AND-ed comparisons offer, else all."""
    low: dict[str, Any] = {}
    high: dict[str, Any] = {}
    for node in _ands(query.where):
        path = node.path
        if isinstance(path, Call) or len(path.parts) != 1:
            continue
        field = scope.entity.find(path.text)
        if field is None or any(v.kind == "range" or v.value is None for v in node.values):
            continue
        if node.op in {"=", "in"} and field.type in {"id", "reference"}:
            return _by_value(table, field.name, [filters.stored(field, v) for v in node.values])
        if field.name in _INDEXED and field.name in scope.entity.fields and node.values[0].kind in {"datetime", "text"}:
            side = low if node.op in {">", ">=", "="} else high if node.op in {"<", "<="} else {}
            side[field.name] = filters.stored(field, node.values[0])
    for name in (n for n in _INDEXED if n in low or n in high):
        order = table.order(name)
        return [table.rows[i] for i in order.between(low.get(name), high.get(name))]
    return table.rows.values()


def _by_value(table: Table, name: str, values: list[Any]) -> list[Row]:
    wanted = dict.fromkeys(values)
    if name == "Id":
        return [table.rows[v] for v in wanted if v in table.rows]
    return [row for value in wanted for row in table.where(name, value)]


def _ands(condition: Condition | None) -> list[Compare]:
    if isinstance(condition, Compare):
        return [condition]
    if isinstance(condition, Both):
        return [c for part in condition.parts for c in _ands(part)]
    return []
