"""What the org holds, as one user may see it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.api.call import Call, Reply
from sandbox.salesforce.errors import not_found
from sandbox.salesforce.records.checks import allowed_values
from sandbox.salesforce.schema.fields import label_of

if TYPE_CHECKING:
    from sandbox.salesforce.schema.fields import ObjectType

VERSIONS = range(50, 67)


def versions(call: Call) -> Reply:
    """GET /services/data."""
    del call
    return Reply([{"label": f"Release {v}", "url": f"/services/data/v{v}.0", "version": f"{v}.0"} for v in VERSIONS])


def resources(call: Call) -> Reply:
    """GET /services/data/vNN.0."""
    base = f"/services/data/v{call.version}/"
    names = ("sobjects", "query", "queryAll", "limits", "composite", "tooling", "recent", "search")
    return Reply({**{n: base + n for n in names}, "identity": f"{call.base}/id/{call.org.org_id}/{call.user_id}"})


def limits(call: Call) -> Reply:
    """GET limits."""
    most = call.org.settings.daily_limit
    left = max(most - call.org.used, 0)
    return Reply(
        {"DailyApiRequests": {"Max": most, "Remaining": left}, "DataStorageMB": {"Max": 1024, "Remaining": 900}}
    )


def _head(call: Call, entity: ObjectType) -> dict[str, Any]:
    base = f"/services/data/v{call.version}/sobjects/{entity.name}"
    can = entity.writable
    return {
        "name": entity.name,
        "label": label_of(entity.name),
        "labelPlural": label_of(entity.name) + "s",
        "keyPrefix": entity.prefix,
        "custom": entity.name.endswith("__c"),
        "createable": can,
        "updateable": can,
        "deletable": can,
        "undeletable": can,
        "queryable": True,
        "retrieveable": True,
        "replicateable": "SystemModstamp" in entity.fields,
        "triggerable": can,
        "searchable": False,
        "urls": {"sobject": base, "describe": base + "/describe", "rowTemplate": base + "/{ID}"},
    }


def catalogue(call: Call) -> Reply:
    """GET sobjects."""
    shown = [_head(call, e) for e in call.org.objects.values() if not e.tooling]
    return Reply({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": shown})


def _found(call: Call, name: str) -> ObjectType:
    entity = next((e for e in call.org.objects.values() if e.name.lower() == name.lower()), None)
    if entity is None:
        raise not_found()
    return entity


def about(call: Call, name: str) -> Reply:
    """GET sobjects/X."""
    return Reply({"objectDescribe": _head(call, _found(call, name)), "recentItems": []})


def describe(call: Call, name: str) -> Reply:
    """GET sobjects/X/describe."""
    org, entity = call.org, _found(call, name)
    fields = []
    for field_name, editable in org.access.fields(call.user_id, entity).items():
        field = entity.fields[field_name]
        shown = replace(field, picklist=allowed_values(org, entity.name, field))
        fields.append(shown.describe(editable=editable and entity.writable))
    children = [
        {"relationshipName": n, "childSObject": c, "field": f, "cascadeDelete": True, "deprecatedAndHidden": False}
        for n, (c, f) in entity.children.items()
    ]
    kinds = [r for r in org.tables["RecordType"].alive() if r["SobjectType"] == entity.name]
    infos = [_kind(r["Id"], r["Name"], r["DeveloperName"]) for r in kinds]
    infos.append(_kind("012000000000000AAA", "Master", "Master"))
    return Reply({**_head(call, entity), "fields": fields, "childRelationships": children, "recordTypeInfos": infos})


def _kind(row_id: str, name: str, developer_name: str) -> dict[str, Any]:
    master = developer_name == "Master"
    flags = {"active": True, "available": True, "defaultRecordTypeMapping": master, "master": master}
    return {"recordTypeId": row_id, "name": name, "developerName": developer_name, **flags}
