"""Single rows and queries by REST."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.api.call import Call, Reply
from sandbox.salesforce.errors import ApiError, no_such_column, not_found
from sandbox.salesforce.records import ids
from sandbox.salesforce.records.writes import Op, save
from sandbox.salesforce.soql.answer import MOST, answer, more

if TYPE_CHECKING:
    from sandbox.salesforce.records.table import Row
    from sandbox.salesforce.schema.fields import ObjectType

_BATCH = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)
_MISSING = frozenset({"INVALID_CROSS_REFERENCE_KEY", "ENTITY_IS_DELETED"})


def query(call: Call, *, deleted: bool = False) -> Reply:
    """GET query?q= and queryAll?q=."""
    if "q" not in call.params:
        raise ApiError("MALFORMED_QUERY", "A query string has to be specified")
    asked = _BATCH.search(call.headers.get("sforce-query-options", ""))
    size = int(asked[1]) if asked else MOST
    return Reply(answer(call.org, call.user_id, call.params["q"], call.version, size=size, deleted=deleted))


def query_all(call: Call) -> Reply:
    """GET queryAll?q=: also what lies in the bin."""
    return query(call, deleted=True)


def query_more(call: Call, locator: str) -> Reply:
    """GET query/<locator>."""
    return Reply(more(call.org, locator))


def _entity(call: Call, name: str) -> ObjectType:
    try:
        return call.org.entity(name)
    except ApiError:
        raise not_found() from None


def living(call: Call, entity: ObjectType, row_id: str) -> Row:
    """The row for a path; raises NOT_FOUND, ENTITY_IS_DELETED (404), MALFORMED_ID."""
    long = ids.long(row_id)
    if long is None:
        raise ApiError("MALFORMED_ID", f"malformed id {row_id}")
    row = call.org.tables[entity.name].rows.get(long)
    if row is None or not call.org.access.sees(call.user_id, entity.name, row):
        raise not_found()
    if row["IsDeleted"]:
        raise ApiError("ENTITY_IS_DELETED", "entity is deleted", [], status=404)
    return row


def shown(call: Call, entity: ObjectType, row: Row, names: list[str] | None) -> dict[str, Any]:
    """A row as the user may see it."""
    visible = call.org.access.fields(call.user_id, entity)
    found: dict[str, Any] = {
        "attributes": {"type": entity.name, "url": f"/services/data/v{call.version}/sobjects/{entity.name}/{row['Id']}"}
    }
    for name in names or list(visible):
        field = entity.find(name)
        if field is None or field.name not in visible:
            raise no_such_column(name, entity.name)
        found[field.name] = row[field.name]
    return found


def get_row(call: Call, name: str, row_id: str) -> Reply:
    """GET sobjects/X/id."""
    entity = _entity(call, name)
    wanted = [n.strip() for n in call.params["fields"].split(",")] if "fields" in call.params else None
    return Reply(shown(call, entity, living(call, entity, row_id), wanted))


def create_row(call: Call, name: str) -> Reply:
    """POST sobjects/X."""
    entity = _entity(call, name)
    result = save(call.org, call.user_id, [Op("create", entity.name, None, call.fields())])[0]
    if result.error:
        raise result.error
    return Reply({"id": result.id, "success": True, "errors": []}, 201)


def update_row(call: Call, name: str, row_id: str) -> Reply:
    """PATCH sobjects/X/id."""
    return _single(call, Op("update", _entity(call, name).name, row_id, call.fields()))


def delete_row(call: Call, name: str, row_id: str) -> Reply:
    """DELETE sobjects/X/id."""
    return _single(call, Op("delete", _entity(call, name).name, row_id))


def _single(call: Call, op: Op) -> Reply:
    result = save(call.org, call.user_id, [op])[0]
    if result.error and result.error.code in _MISSING and not result.error.fields:
        living(call, call.org.objects[op.entity], op.id or "")
    if result.error:
        raise result.error
    return Reply(None, 204)
