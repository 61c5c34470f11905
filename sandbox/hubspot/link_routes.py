"""Associations v4, and what is left of v3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sandbox.hubspot.answers import complete, inputs
from sandbox.hubspot.associated import associate, part, v3_name
from sandbox.hubspot.call import Call, Reply, whole
from sandbox.hubspot.errors import ApiError, invalid, missing_ids, not_found
from sandbox.hubspot.schema import KINDS, kind_of, single

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.hubspot.links import LinkType
    from sandbox.hubspot.portal import Portal
    from sandbox.hubspot.records import Record

Action: TypeAlias = "Callable[..., Reply]"
MOST, MOST_WRITTEN, PAGE = 1_000, 2_000, 500


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
            errors.append(_none(one, key, other))
    return complete(call, results, errors)


def _none(one: str, key: str, other: str) -> ApiError:
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
    record = _record(call, one, key)
    limit = whole("limit", call.one("limit") or PAGE, PAGE)
    page = _page(call.portal, one, record, other, call.one("after"), limit=limit)
    return Reply({"results": page.pop("to"), **page})


def _record(call: Call, kind: str, key: Any) -> Record:
    record = call.portal.shelves[kind].find(key)
    if record is None or record.archived_at is not None or record.merged_into is not None:
        raise not_found(f"{single(kind)} {key} does not exist")
    return record


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
    a, b = _record(call, one, key), _record(call, other, target)
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
    a, b = _record(call, one, key), _record(call, other, target)
    try:
        given = call.json()
    except ApiError:
        import orjson

        given = orjson.loads(call.asked.body or b"[]")
    types = _specs(call, one, other, given)
    associate(call.portal, one, a.id, other, b.id, types=types)
    return Reply(_pair(one, a, other, b, types), 201)


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
        return _record(call, one, each["from"]["id"]), [_record(call, other, t["id"]) for t in target]
    except (KeyError, TypeError) as error:
        raise invalid("Invalid input JSON: each input needs from and to with an id") from error


def batch_create(call: Call, name: str, to: str) -> Reply:
    """POST v4 batch/create with types."""
    one, other = kind_of(name), kind_of(to)
    results, errors = [], []
    for each in inputs(call.json(), MOST_WRITTEN):
        try:
            a, (b, *_) = _ends(call, one, other, each)
            types = _specs(call, one, other, each.get("types"))
            associate(call.portal, one, a.id, other, b.id, types=types)
            results.append(_pair(one, a, other, b, types))
        except ApiError as error:
            errors.append(error)
    return complete(call, results, errors, status=201)


def batch_default(call: Call, name: str, to: str) -> Reply:
    """POST v4 batch/associate/default."""
    one, other = kind_of(name), kind_of(to)
    results, errors = [], []
    for each in inputs(call.json(), MOST_WRITTEN):
        try:
            a, (b, *_) = _ends(call, one, other, each)
            results += _default(call, one, a, other, b)
        except ApiError as error:
            errors.append(error)
    return complete(call, results, errors)


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


def labels(call: Call, name: str, to: str) -> Reply:
    """GET v4 labels: all types of a pair."""
    one, other = kind_of(name), kind_of(to)
    return Reply({"results": [t.body() for t in call.portal.links.types.get((one, other), [])]})


def add_label(call: Call, name: str, to: str) -> Reply:
    """POST v4 labels: a label of the customer's own."""
    one, other, given = kind_of(name), kind_of(to), call.json()
    if not given.get("label") or not given.get("name"):
        raise invalid("Some required fields were not set: [label, name]")
    if any(t.label == given["label"] for t in call.portal.links.types.get((one, other), [])):
        raise ApiError(409, "CONFLICT", f"The label {given['label']} already exists")
    made = call.portal.links.add_label(
        one, other, given["label"], back=given.get("inverseLabel"), name=given["name"]
    )  # fmt: skip
    back = call.portal.links.type_of(other, one, made.inverse)
    return Reply({"results": [t.body() for t in (made, back) if t]})


def delete_label(call: Call, name: str, to: str, number: str) -> Reply:
    """DELETE a label."""
    if not number.isdigit() or not call.portal.links.drop_label(kind_of(name), kind_of(to), int(number)):
        raise not_found(f"Association type {number} does not exist")
    return Reply(None, 204)


def read_v3(call: Call, name: str, to: str) -> Reply:
    """POST v3 batch/read: ids and type names."""
    one, other = kind_of(name), kind_of(to)
    results, errors = [], []
    for each in inputs(call.json(), MOST):
        record = call.portal.shelves[one].find(each.get("id"))
        pairs = call.portal.links.of(one, record.id, other) if record else {}
        if not pairs:
            errors.append(_none(one, str(each.get("id")), other))
            continue
        named = [
            {"id": str(n), "type": v3_name(call.portal, one, other, t)}
            for n, numbers in pairs.items()
            for t in sorted(numbers)
        ]
        results.append({"from": {"id": str(each.get("id"))}, "to": named})
    return complete(call, results, errors)


_X = r"([\w-]+)"
_V4 = f"/crm/v4/associations/{_X}/{_X}"
_OF = f"/crm/v4/objects/{_X}/([^/]+)/associations"
ROUTES: Final[list[tuple[str, str, Action]]] = [
    ("POST", f"{_V4}/batch/read", read),
    ("POST", f"{_V4}/batch/create", batch_create),
    ("POST", f"{_V4}/batch/associate/default", batch_default),
    ("POST", f"{_V4}/batch/archive", batch_archive),
    ("POST", f"{_V4}/batch/labels/archive", batch_archive),
    ("GET", f"{_V4}/labels", labels),
    ("POST", f"{_V4}/labels", add_label),
    ("DELETE", rf"{_V4}/labels/(\d+)", delete_label),
    ("GET", f"{_OF}/{_X}", of_record),
    ("PUT", f"{_OF}/default/{_X}/([^/]+)", put_default),
    ("PUT", f"{_OF}/{_X}/([^/]+)", put_typed),
    ("DELETE", f"{_OF}/{_X}/([^/]+)", delete_pair),
    ("POST", f"/crm/v3/associations/{_X}/{_X}/batch/read", read_v3),
]
