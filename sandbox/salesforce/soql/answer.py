"""A query text to the pages of its reply."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.records import ids
from sandbox.salesforce.soql.groups import grouped, is_count, is_grouped
from sandbox.salesforce.soql.parse import parse
from sandbox.salesforce.soql.run import select
from sandbox.salesforce.soql.shape import shaper
from sandbox.salesforce.soql.tree import Path, Query

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sandbox.salesforce.org import Org
    from sandbox.salesforce.records.table import Row
    from sandbox.salesforce.soql.resolve import Scope

LEAST, MOST, LONG_TEXT = 200, 2_000, 255
_OPEN = 500
_KEPT = timedelta(days=2)
"""How long the pages of a query stay."""


@dataclass
class Cursor:
    """The rows of a query as they stood when it ran, and how to show them."""

    rows: list[Row]
    shape: Callable[[Row], dict[str, Any]]
    size: int
    base: str
    opened: datetime


def answer(
    org: Org, user_id: str, text: str, version: str, *, size: int = MOST, deleted: bool = False
) -> dict[str, Any]:
    """The first page."""
    query = parse(text)
    if is_count(query):
        _, rows = select(org, user_id, query, deleted=deleted)
        return {"totalSize": len(rows), "done": True, "records": []}
    if is_grouped(query):
        plain = replace(query, order=(), limit=None, offset=0)
        scope, rows = select(org, user_id, plain, deleted=deleted)
        found = grouped(scope, query, rows)
        return {"totalSize": len(found), "done": True, "records": found}
    scope, rows = select(org, user_id, query, deleted=deleted)
    cursor = _cursor(scope, query, rows, version, size)
    return _page(org, cursor, 0)


def _cursor(scope: Scope, query: Query, rows: list[Row], version: str, size: int) -> Cursor:
    def child(sub: Query, row: Row) -> dict[str, Any] | None:
        return _children(scope, sub, row, version)

    for sub in query.items:
        if isinstance(sub, Query):
            _child_of(scope, sub)
    shape = shaper(scope, query, version, child)
    base, opened = f"/services/data/v{version}/query/", scope.org.clock.now()
    return Cursor(rows, shape, _page_size(scope, query, size), base, opened)


def _page_size(scope: Scope, query: Query, size: int) -> int:
    paths = [scope.resolve(i).field for i in query.items if isinstance(i, Path)]
    wide = sum(f.custom and f.type == "textarea" and f.length > LONG_TEXT for f in paths)
    asked = min(max(size, LEAST), MOST)
    return min(asked, scope.org.settings.wide_page) if wide > 1 else asked


def _child_of(scope: Scope, sub: Query) -> tuple[str, str]:
    for name, target in scope.entity.children.items():
        if name.lower() == sub.entity.lower():
            return target
    raise ApiError("INVALID_TYPE", f"\nDidn't understand relationship '{sub.entity}' in FROM part of query call.")


def _children(scope: Scope, sub: Query, row: Row, version: str) -> dict[str, Any] | None:
    entity, key = _child_of(scope, sub)
    org = scope.org
    inner = replace(sub, entity=entity)
    child_scope, rows = select(org, scope.user_id, inner, within=org.tables[entity].where(key, row["Id"]))
    return _page(org, _cursor(child_scope, inner, rows, version, MOST), 0) if rows else None


def _page(org: Org, cursor: Cursor, start: int, locator: str | None = None) -> dict[str, Any]:
    end = start + cursor.size
    records = [cursor.shape(row) for row in cursor.rows[start:end]]
    page: dict[str, Any] = {"totalSize": len(cursor.rows), "done": end >= len(cursor.rows), "records": records}
    if not page["done"]:
        page["nextRecordsUrl"] = f"{cursor.base}{locator or _keep(org, cursor)}-{end}"
    return page


def _keep(org: Org, cursor: Cursor) -> str:
    org.opened += 1
    locator = ids.make("0r8", org.opened)
    org.cursors[locator] = cursor
    while len(org.cursors) > _OPEN:
        org.cursors.pop(next(iter(org.cursors)))
    return locator


def more(org: Org, locator: str) -> dict[str, Any]:
    """A further page, by locator and offset as nextRecordsUrl gave them; raises INVALID_QUERY_LOCATOR."""
    name, _, start = locator.partition("-")
    cursor = org.cursors.get(name)
    if cursor is None or not start.isdigit() or org.clock.now() - cursor.opened > _KEPT:
        raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator")
    return _page(org, cursor, int(start), name)
