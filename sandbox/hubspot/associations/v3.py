"""What is left of v3's associations: types go by name or number, one for each pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.hubspot.api.answers import answered, inputs
from sandbox.hubspot.api.call import Call, Reply
from sandbox.hubspot.associations.reads import MOST, none, record_of
from sandbox.hubspot.associations.with_records import associate, part, v3_links, v3_name
from sandbox.hubspot.errors import invalid
from sandbox.hubspot.schema.definitions import kind_of, single

if TYPE_CHECKING:
    from sandbox.hubspot.associations.links import LinkType
    from sandbox.hubspot.records.table import Record

_MOST_WRITTEN = 100


def read_v3(call: Call, name: str, to: str) -> Reply:
    """POST v3 batch/read: ids and type names."""
    one, other = kind_of(name), kind_of(to)

    def found(each: dict[str, Any]) -> list[dict[str, Any]]:
        record = call.portal.shelves[one].find(each.get("id"))
        named = v3_links(call.portal, one, record.id, other) if record else []
        if not named:
            raise none(one, str(each.get("id")), other)
        return [{"from": {"id": str(each.get("id"))}, "to": named}]

    return answered(call, MOST, found)


def types_v3(call: Call, name: str, to: str) -> Reply:
    """GET v3 types: numbers and names."""
    one, other = kind_of(name), kind_of(to)
    numbers = [t.number for t in call.portal.links.types.get((one, other), [])]
    return Reply({"results": [{"id": str(n), "name": v3_name(call.portal, one, other, n)} for n in numbers]})


def create_v3(call: Call, name: str, to: str) -> Reply:
    """POST v3 batch/create: from, to and a type."""
    one, other = kind_of(name), kind_of(to)

    def put(each: dict[str, Any]) -> list[dict[str, Any]]:
        a, b, known = _pair(call, one, other, each)
        associate(call.portal, one, a.id, other, b.id, types=[known])
        return [{"from": {"id": str(a.id)}, "to": {"id": str(b.id)}, "type": each["type"]}]

    return answered(call, _MOST_WRITTEN, put, 201)


def archive_v3(call: Call, name: str, to: str) -> Reply:
    """POST v3 batch/archive: 204, whatever was there."""
    one, other = kind_of(name), kind_of(to)
    for each in inputs(call.json(), _MOST_WRITTEN):
        a, b, _ = _pair(call, one, other, each)
        part(call.portal, one, a.id, other, b.id)
    return Reply(None, 204)


def _pair(call: Call, one: str, other: str, each: dict[str, Any]) -> tuple[Record, Record, LinkType]:
    try:
        start, end, wanted = each["from"]["id"], each["to"]["id"], str(each["type"])
    except (KeyError, TypeError) as error:
        raise invalid("Invalid input JSON: each input needs from and to with an id, and a type") from error
    for known in call.portal.links.types.get((one, other), ()):
        if wanted in {str(known.number), v3_name(call.portal, one, other, known.number)}:
            return record_of(call, one, start), record_of(call, other, end), known
    raise invalid(f"{wanted} is not a valid association type between {single(one)} and {single(other)}")
