"""Associations written, and where all of them are found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson

from sandbox.hubspot.api.answers import answered, complete, inputs
from sandbox.hubspot.api.call import Call, Reply
from sandbox.hubspot.associations import reads as link_reads
from sandbox.hubspot.associations import v3
from sandbox.hubspot.associations.reads import record_of
from sandbox.hubspot.associations.with_records import associate, part
from sandbox.hubspot.errors import ApiError, invalid, invalid_input, not_found
from sandbox.hubspot.schema.definitions import KINDS, kind_of, single

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.hubspot.associations.links import LinkType
    from sandbox.hubspot.records.table import Record

Action: TypeAlias = "Callable[..., Reply]"
MOST_WRITTEN = 2_000


def _specs(call: Call, one: str, other: str, given: Any) -> list[LinkType]:
    """The types that a caller names, checked."""
    found = []
    for each in given if isinstance(given, list) else []:
        known = call.portal.links.type_of(one, other, int(each.get("associationTypeId", 0)))
        if known is None or known.category != each.get("associationCategory"):
            raise invalid(f"Association type {each} is not valid between {single(one)} and {single(other)}")
        found.append(known)
    if not found:
        raise invalid("At least one association type is needed")
    return found


def put_default(call: Call, name: str, key: str, to: str, target: str) -> Reply:
    """PUT v4 associations/default: the unlabelled type, in both directions; again changes nothing."""
    one, other = kind_of(name), kind_of(to)
    a, b = record_of(call, one, key), record_of(call, other, target)
    return complete(call, _default(call, one, a, other, b), [])


def _default(call: Call, one: str, a: Record, other: str, b: Record) -> list[dict[str, Any]]:
    plain = call.portal.links.default(one, other)
    if plain is None:
        raise invalid(f"{single(one)} and {single(other)} have no default association type")
    associate(call.portal, one, a.id, other, b.id, types=[plain])
    sides = ((a, b, plain.number), (b, a, plain.inverse))
    return [
        {
            "from": {"id": str(start.id)},
            "to": {"id": str(end.id)},
            "associationSpec": {"associationCategory": plain.category, "associationTypeId": number},
        }
        for start, end, number in sides
    ]


def put_typed(call: Call, name: str, key: str, to: str, target: str) -> Reply:
    """PUT v4 associations with types."""
    one, other = kind_of(name), kind_of(to)
    a, b = record_of(call, one, key), record_of(call, other, target)
    types = _specs(call, one, other, _list(call))
    associate(call.portal, one, a.id, other, b.id, types=types)
    return Reply(_pair(one, a, other, b, types), 201)


def _list(call: Call) -> Any:
    try:
        return orjson.loads(call.asked.body)
    except orjson.JSONDecodeError as error:
        raise invalid_input(str(error)) from error


def _pair(one: str, a: Record, other: str, b: Record, types: list[LinkType]) -> dict[str, Any]:
    return {
        "fromObjectTypeId": KINDS[one][0],
        "fromObjectId": str(a.id),
        "toObjectTypeId": KINDS[other][0],
        "toObjectId": str(b.id),
        "labels": [t.label for t in types if t.label],
    }


def delete_pair(call: Call, name: str, key: str, to: str, target: str) -> Reply:
    """DELETE v4 associations between two records, of all types."""
    one, other = kind_of(name), kind_of(to)
    a, b = call.portal.shelves[one].find(key), call.portal.shelves[other].find(target)
    if a and b:
        part(call.portal, one, a.id, other, b.id)
    return Reply(None, 204)


def _ends(call: Call, one: str, other: str, each: dict[str, Any]) -> tuple[Record, list[Record]]:
    try:
        target = each["to"] if isinstance(each["to"], list) else [each["to"]]
        return record_of(call, one, each["from"]["id"]), [record_of(call, other, t["id"]) for t in target]
    except (KeyError, TypeError) as error:
        raise invalid("Invalid input JSON: each input needs from and to with an id") from error


def batch_create(call: Call, name: str, to: str) -> Reply:
    """POST v4 batch/create with types."""
    one, other = kind_of(name), kind_of(to)

    def put(each: dict[str, Any]) -> list[dict[str, Any]]:
        a, (b, *_) = _ends(call, one, other, each)
        types = _specs(call, one, other, each.get("types"))
        associate(call.portal, one, a.id, other, b.id, types=types)
        return [_pair(one, a, other, b, types)]

    return answered(call, MOST_WRITTEN, put, 201)


def batch_default(call: Call, name: str, to: str) -> Reply:
    """POST v4 batch/associate/default."""
    one, other = kind_of(name), kind_of(to)

    def put(each: dict[str, Any]) -> list[dict[str, Any]]:
        a, (b, *_) = _ends(call, one, other, each)
        return _default(call, one, a, other, b)

    return answered(call, MOST_WRITTEN, put)


def batch_archive(call: Call, name: str, to: str) -> Reply:
    """POST v4 batch/archive, and batch/labels/archive, which takes only the named types."""
    one, other = kind_of(name), kind_of(to)
    only = call.asked.path.rstrip("/").endswith("labels/archive")
    for each in inputs(call.json(), MOST_WRITTEN):
        a, ends = _ends(call, one, other, each)
        types = _specs(call, one, other, each.get("types")) if only else None
        for b in ends:
            part(call.portal, one, a.id, other, b.id, types=types)
    return Reply(None, 204)


def add_label(call: Call, name: str, to: str) -> Reply:
    """POST v4 labels: a label of the customer's own."""
    one, other, given = kind_of(name), kind_of(to), call.json()
    if not given.get("label") or not given.get("name"):
        raise invalid("Some required fields were not set: [label, name]")
    if any(t.label == given["label"] for t in call.portal.links.types.get((one, other), [])):
        raise ApiError(409, "CONFLICT", f"The label {given['label']} already exists")
    back = given.get("inverseLabel")
    made = call.portal.links.add_label(one, other, given["label"], back=back, name=given["name"])
    inverse = call.portal.links.type_of(other, one, made.inverse)
    return Reply({"results": [t.body() for t in (made, inverse) if t]})


def delete_label(call: Call, name: str, to: str, number: str) -> Reply:
    """DELETE a label."""
    if not number.isdigit() or not call.portal.links.drop_label(kind_of(name), kind_of(to), int(number)):
        raise not_found(f"Association type {number} does not exist")
    return Reply(None, 204)


_X = r"([\w-]+)"
_V4 = f"/crm/v4/associations/{_X}/{_X}"
_V3 = f"/crm/v3/associations/{_X}/{_X}"
_OF = f"/crm/v4/objects/{_X}/([^/]+)/associations"
ROUTES: Final[list[tuple[str, str, Action]]] = [
    ("POST", f"{_V4}/batch/read", link_reads.read),
    ("POST", f"{_V4}/batch/create", batch_create),
    ("POST", f"{_V4}/batch/associate/default", batch_default),
    ("POST", f"{_V4}/batch/archive", batch_archive),
    ("POST", f"{_V4}/batch/labels/archive", batch_archive),
    ("GET", f"{_V4}/labels", link_reads.labels),
    ("POST", f"{_V4}/labels", add_label),
    ("DELETE", rf"{_V4}/labels/(\d+)", delete_label),
    ("GET", f"{_OF}/{_X}", link_reads.of_record),
    ("PUT", f"{_OF}/default/{_X}/([^/]+)", put_default),
    ("PUT", f"{_OF}/{_X}/([^/]+)", put_typed),
    ("DELETE", f"{_OF}/{_X}/([^/]+)", delete_pair),
    ("POST", f"{_V3}/batch/read", v3.read_v3),
    ("POST", f"{_V3}/batch/create", v3.create_v3),
    ("POST", f"{_V3}/batch/archive", v3.archive_v3),
    ("GET", f"{_V3}/types", v3.types_v3),
]
