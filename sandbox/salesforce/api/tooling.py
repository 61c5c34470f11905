"""The Tooling API: custom fields, validation rules and custom permissions, as an admin's set-up command makes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.api.call import Call, Reply
from sandbox.salesforce.api.rows import query as plain_query
from sandbox.salesforce.errors import ApiError, insufficient_access, not_found
from sandbox.salesforce.records import ids
from sandbox.salesforce.records.access import MANAGE_FIELDS
from sandbox.salesforce.schema.custom import custom_field
from sandbox.salesforce.soql.parse import malformed

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.salesforce.org import Org
    from sandbox.salesforce.records.table import Row

KINDS = ("CustomField", "ValidationRule", "CustomPermission")
_LONG_NAME, _LONG_MESSAGE = 40, 255
_NEEDS_ONE = re.compile(r"\b(FullName|Metadata)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Named:
    """`Opportunity.Score__c` taken apart."""

    full: str
    entity: str
    name: str


def query(call: Call) -> Reply:
    """GET tooling/query: FullName and Metadata only where one row is found."""
    _may(call)
    reply = plain_query(call)
    selected = call.params["q"].lower().partition(" from ")[0]
    if _NEEDS_ONE.search(selected) and len(reply.body["records"]) > 1:
        raise malformed(
            "When retrieving results with Metadata or FullName fields, the query qualifications must specify "
            f"no more than one row for retrieval. Result size: {len(reply.body['records'])}"
        )
    return reply


def _may(call: Call) -> None:
    if not call.org.access.has(call.user_id, MANAGE_FIELDS):
        raise insufficient_access()


def create(call: Call, kind: str) -> Reply:
    """POST tooling/sobjects/X."""
    _may(call)
    body = call.fields()
    if kind not in KINDS or not isinstance(body.get("Metadata"), dict) or not body.get("FullName"):
        raise ApiError("REQUIRED_FIELD_MISSING", "Required fields are missing: [FullName, Metadata]")
    row = _MAKERS[kind](call.org, _named(call.org, kind, body["FullName"]), body["Metadata"])
    stored = {**row, "CreatedById": call.user_id, "LastModifiedById": call.user_id}
    call.org.tables[kind].put(stored)
    call.org.noticed(kind)
    return Reply({"id": row["Id"], "success": True, "errors": [], "warnings": [], "infos": []}, 201)


def _named(org: Org, kind: str, full: str) -> Named:
    entity, dot, name = full.rpartition(".")
    if kind != "CustomPermission" and (not dot or not _holders(org, entity)):
        raise ApiError("FIELD_INTEGRITY_EXCEPTION", f"Entity of {full} is not known", ["FullName"])
    return Named(full, entity, name)


def _taken(name: str) -> ApiError:
    return ApiError(
        "DUPLICATE_DEVELOPER_NAME", f"There is already a component with the API name {name}.", ["DeveloperName"]
    )


def _holders(org: Org, entity: str) -> list[str]:
    """The objects that have the fields of an entity: those of Activity are on tasks and on events."""
    return ["Task", "Event"] if entity == "Activity" else [entity] if entity in org.objects else []


def _make_field(org: Org, named: Named, metadata: dict[str, Any]) -> Row:
    if named.entity in {"Task", "Event"}:
        raise ApiError("FIELD_INTEGRITY_EXCEPTION", f"Custom fields of {named.entity} are defined on Activity")
    if named.entity == "Activity" and metadata.get("unique"):
        raise ApiError("FIELD_INTEGRITY_EXCEPTION", f"{named.full}: an activity field cannot be unique")
    holders = _holders(org, named.entity)
    if any(org.objects[one].find(named.name) for one in holders):
        raise _taken(named.full)
    for one in holders:
        org.add_field(one, custom_field(named.name, metadata))
    common = {"TableEnumOrId": named.entity, "EntityDefinitionId": named.entity}
    short = named.name.removesuffix("__c")
    return org.make("CustomField", DeveloperName=short, FullName=named.full, Metadata=metadata, **common)


def _make_rule(org: Org, named: Named, metadata: dict[str, Any]) -> Row:
    if any(r["FullName"] == named.full for r in org.tables["ValidationRule"].alive()):
        raise _taken(named.full)
    return org.make("ValidationRule", FullName=named.full, **_rule(named, metadata))


def _rule(named: Named, metadata: dict[str, Any]) -> dict[str, Any]:
    if not metadata.get("errorConditionFormula") or not metadata.get("errorMessage"):
        raise ApiError("REQUIRED_FIELD_MISSING", "Required fields are missing: [errorConditionFormula, errorMessage]")
    if len(named.name) > _LONG_NAME or len(metadata["errorMessage"]) > _LONG_MESSAGE:
        raise ApiError("STRING_TOO_LONG", "Rule name or error message too long")
    return {
        "ValidationName": named.name,
        "EntityDefinitionId": named.entity,
        "Active": bool(metadata.get("active")),
        "Description": metadata.get("description"),
        "ErrorDisplayField": metadata.get("errorDisplayField"),
        "ErrorMessage": metadata["errorMessage"],
        "Metadata": metadata,
    }


def _make_permission(org: Org, named: Named, metadata: dict[str, Any]) -> Row:
    if org.tables["CustomPermission"].where("DeveloperName", named.name):
        raise _taken(named.full)
    label, about = metadata.get("label") or named.name, metadata.get("description")
    return org.make("CustomPermission", DeveloperName=named.name, MasterLabel=label, Description=about)


_MAKERS: dict[str, Callable[[Org, Named, dict[str, Any]], Row]] = {
    "CustomField": _make_field,
    "ValidationRule": _make_rule,
    "CustomPermission": _make_permission,
}


def _row(call: Call, kind: str, row_id: str) -> Row:
    _may(call)
    row = call.org.tables[kind].rows.get(ids.long(row_id) or "") if kind in KINDS else None
    if row is None:
        raise not_found()
    return row


def read(call: Call, kind: str, row_id: str) -> Reply:
    """GET tooling/sobjects/X/id."""
    return Reply({"attributes": {"type": kind}, **_row(call, kind, row_id)})


def update(call: Call, kind: str, row_id: str) -> Reply:
    """PATCH tooling/sobjects/X/id."""
    row, metadata, org = _row(call, kind, row_id), call.fields().get("Metadata") or {}, call.org
    merged = {**(row.get("Metadata") or {}), **metadata}
    stamp = {"SystemModstamp": org.clock.stamp(), "LastModifiedDate": org.clock.stamp()}
    if kind == "ValidationRule":
        row = {**row, **_rule(_named(org, kind, row["FullName"]), merged)}
        rule = org.rules.get(row["FullName"])
        if rule:
            rule.active = row["Active"]
    elif kind == "CustomField":
        entity, _, name = row["FullName"].partition(".")
        for one in _holders(org, entity):
            org.objects[one].add(custom_field(name, merged))
        org.access.changed()
        row = {**row, "Metadata": merged}
    org.tables[kind].put({**row, **stamp})
    return Reply(None, 204)


def delete(call: Call, kind: str, row_id: str) -> Reply:
    """DELETE tooling/sobjects/X/id."""
    row, org = _row(call, kind, row_id), call.org
    if kind == "CustomField":
        entity, _, name = row["FullName"].partition(".")
        for one in _holders(org, entity):
            org.drop_field(one, name)
            for granted in org.tables["FieldPermissions"].where("Field", f"{one}.{name}"):
                org.tables["FieldPermissions"].swap(granted["Id"], None)
    elif kind == "ValidationRule":
        org.rules.pop(row["FullName"], None)
    org.tables[kind].swap(row["Id"], None)
    org.access.changed()
    return Reply(None, 204)
