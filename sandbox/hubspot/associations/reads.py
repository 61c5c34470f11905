"""Associations read, as v4 shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.hubspot.api.answers import complete, inputs
from sandbox.hubspot.api.call import Call, Reply, whole
from sandbox.hubspot.errors import ApiError, missing_ids, not_found
from sandbox.hubspot.schema.definitions import kind_of, single

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal
    from sandbox.hubspot.records.table import Record

MOST, PAGE = 1_000, 500


def read(call: Call, name: str, to: str) -> Reply:
    """POST v4 batch/read: an input without associations makes the answer a 207."""
    one, other = kind_of(name), kind_of(to)
    results, errors = [], []
    for each in inputs(call.json(), MOST):
        key = str(each.get("id", ""))
        record = call.portal.shelves[one].find(key)
        if record is None or record.archived_at is not None or record.merged_into is not None:
            errors.append(missing_ids(single(one), [key]))
            continue
        page = _page(call.portal, one, record, other, each.get("after"))
        if page["to"]:
            results.append({"from": {"id": key}, **page})
        else:
            errors.append(none(one, key, other))
    return complete(call, results, errors)


def none(one: str, key: str, other: str) -> ApiError:
    """The 207 entry of a record without associations of that type."""
    context = {"fromObjectId": [key], "fromObjectType": [single(one)], "toObjectType": [single(other)]}
    message = f"No {single(other)} is associated with {single(one)} {key}."
    return ApiError(404, "OBJECT_NOT_FOUND", message, sub="crm.associations.NO_ASSOCIATIONS_FOUND", context=context)


def _page(portal: Portal, one: str, record: Record, other: str, after: Any, *, limit: int = PAGE) -> dict[str, Any]:
    """What of the other type belongs to a record; `toObjectId` is a number though ids are texts elsewhere."""
    start = int(after) if str(after or "").isdigit() else 0
    shelf = portal.shelves[other].rows
    pairs = portal.links.of(one, record.id, other)
    living = sorted(n for n in pairs if n >= start and shelf[n].archived_at is None)
    found: dict[str, Any] = {
        "to": [{"toObjectId": n, "associationTypes": _types(portal, one, other, pairs[n])} for n in living[:limit]]
    }
    if len(living) > limit:
        found["paging"] = {"next": {"after": str(living[limit]), "link": f"?after={living[limit]}"}}
    return found


def _types(portal: Portal, one: str, other: str, numbers: set[int]) -> list[dict[str, Any]]:
    return [t.body() for t in portal.links.types[one, other] if t.number in numbers]


def of_record(call: Call, name: str, key: str, to: str) -> Reply:
    """GET v4 associations of one record, in pages."""
    one, other = kind_of(name), kind_of(to)
    record = record_of(call, one, key)
    limit = whole("limit", call.one("limit") or PAGE, PAGE)
    page = _page(call.portal, one, record, other, call.one("after"), limit=limit)
    return Reply({"results": page.pop("to"), **page})


def record_of(call: Call, kind: str, key: Any) -> Record:
    """A living record by id; raises 404."""
    record = call.portal.shelves[kind].find(key)
    if record is None or record.archived_at is not None or record.merged_into is not None:
        raise not_found(f"{single(kind)} {key} does not exist")
    return record


def labels(call: Call, name: str, to: str) -> Reply:
    """GET v4 labels: all types of a pair."""
    one, other = kind_of(name), kind_of(to)
    return Reply({"results": [t.body() for t in call.portal.links.types.get((one, other), [])]})
