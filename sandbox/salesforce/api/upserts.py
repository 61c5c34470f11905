"""Up to 200 rows of one object created or updated by an external id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sandbox.salesforce.api.call import Call, Reply
from sandbox.salesforce.api.collections import records_of
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.records.writes import Op, Result, save

if TYPE_CHECKING:
    from sandbox.salesforce.records.table import Row
    from sandbox.salesforce.schema.fields import ObjectType


def upsert_rows(call: Call, name: str, field: str) -> Reply:
    """PATCH composite/sobjects/X/ExternalId__c: one result a record, in order, each with `created`."""
    records, all_or_none = records_of(call)
    entity = call.org.entity(name)
    _by(call, entity, field)
    if any(record["attributes"]["type"] != entity.name for record in records):
        raise ApiError("INVALID_INPUT", f"The request takes records of {entity.name} only")
    ops = [_op(call, entity, field, record) for record in records]
    given = [str(record.get(field) or "").lower() for record in records]
    ready = [op for op, key in zip(ops, given, strict=True) if isinstance(op, Op) and given.count(key) == 1]
    saved = iter(save(call.org, call.user_id, ready, all_or_none=all_or_none))
    return Reply([_result(op, given.count(key) > 1, saved) for op, key in zip(ops, given, strict=True)])


def upsert_row(call: Call, name: str, field: str, value: str) -> Reply:
    """PATCH sobjects/X/ExternalId__c/value: 201 where it was made, 300 with addresses where several have it."""
    entity = call.org.entity(name)
    _by(call, entity, field)
    base = f"/services/data/v{call.version}/sobjects/{entity.name}/"
    op = _op(call, entity, field, {**call.fields(), field: unquote(value)})
    if isinstance(op, ApiError) and op.code == "DUPLICATE_EXTERNAL_ID":
        return Reply([base + row["Id"] for row in _having(call, entity, field, unquote(value).lower())], 300)
    if isinstance(op, ApiError):
        raise op
    (result,) = save(call.org, call.user_id, [op])
    if result.error:
        raise result.error
    return Reply({**result.json(), "created": result.created}, 201 if result.created else 200)


def _having(call: Call, entity: ObjectType, field: str, key: str) -> list[Row]:
    return [row for row in call.org.tables[entity.name].alive() if str(row[field] or "").lower() == key]


def _by(call: Call, entity: ObjectType, field: str) -> None:
    """Only an external id that the user may see names rows."""
    known = entity.find(field)
    if known is None or not known.external or known.name not in call.org.access.fields(call.user_id, entity):
        message = f"Provided external ID field does not exist or is not accessible: {field}"
        raise ApiError("NOT_FOUND", message, status=404)


def _op(call: Call, entity: ObjectType, field: str, record: dict[str, Any]) -> Op | ApiError:
    values = {name: value for name, value in record.items() if name != "attributes"}
    if {"id", "Id"} & values.keys():
        return ApiError("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an upsert by an external id", ["Id"])
    key = str(values.get(field) or "").lower()
    if not key:
        return ApiError("MISSING_ARGUMENT", f"{field} not specified", [field])
    found = _having(call, entity, field, key)
    if len(found) > 1:
        return ApiError("DUPLICATE_EXTERNAL_ID", f"{field}: more than one record found for external id field", [field])
    return Op("update", entity.name, found[0]["Id"], values) if found else Op("create", entity.name, None, values)


def _result(op: Op | ApiError, twice: bool, saved: Any) -> dict[str, Any]:
    if isinstance(op, Op) and not twice:
        result: Result = next(saved)
        return {**result.json(), "created": result.created}
    error = op if isinstance(op, ApiError) else ApiError("DUPLICATE_EXTERNAL_ID", "Duplicate external id specified")
    return {"success": False, "created": False, "errors": [error.result()]}
