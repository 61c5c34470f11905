"""Single records: list, get, create, update, archive, merge."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from sandbox.hubspot.api.call import Call, Reply, whole
from sandbox.hubspot.associations.with_records import associated, link_new
from sandbox.hubspot.errors import ApiError, invalid, not_found
from sandbox.hubspot.records import checks, merging, writes
from sandbox.hubspot.records.shown import View
from sandbox.hubspot.schema.definitions import KINDS, kind_of

if TYPE_CHECKING:
    from sandbox.hubspot.records.table import Record, Shelf

_PAGE, _MOST, _MOST_WITH_HISTORY = 10, 100, 50


def view(call: Call, kind: str) -> View:
    """What the query asks to see."""
    return View(call.portal, kind, call.many("properties"), call.many("propertiesWithHistory"))


def list_page(call: Call, name: str) -> Reply:
    """GET /crm/v3/objects/X: by id, without filter or sort."""
    kind = kind_of(name)
    shown = view(call, kind)
    most = _MOST_WITH_HISTORY if call.many("propertiesWithHistory") else _MOST
    limit = whole("limit", call.one("limit") or _PAGE, most)
    rows = list(islice(call.portal.shelves[kind].after(_start(call), archived=call.yes("archived")), limit + 1))
    others = call.many("associations")
    body: dict[str, Any] = {
        "results": [{**shown.of(row), **associated(call, kind, row, others)} for row in rows[:limit]]
    }
    if len(rows) > limit:
        after = str(rows[limit - 1].id + 1)
        body["paging"] = {"next": {"after": after, "link": f"{call.asked.base}{call.asked.path}?after={after}"}}
    return Reply(body)


def _start(call: Call) -> int:
    after = call.one("after")
    if not after:
        return 0
    if not after.isdigit():
        raise invalid(f"after was not valid: {after}")
    return int(after) - 1


def found(call: Call, kind: str, key: str, *, archived: bool = False) -> Record:
    """A record by id or by a unique property; one that was merged away is found as its survivor; raises 404."""
    prop = call.one("idProperty")
    shelf = call.portal.shelves[kind]
    if prop and prop != "hs_object_id":
        check_unique(call, kind, prop)
        record = checks.by_unique(call.portal, kind, prop, key)
    else:
        record = survivor(shelf, key)
    if record is None or (record.archived_at is not None) != archived:
        raise not_found() if key.isdigit() or prop else not_found("Object not found.  objectId are usually numeric.")
    return record


def survivor(shelf: Shelf, key: str) -> Record | None:
    """A record by its id; where it was merged away the one that it went up in."""
    record = shelf.find(key)
    while record and record.merged_into is not None:
        record = shelf.rows[record.merged_into]
    return record


def check_unique(call: Call, kind: str, name: str) -> None:
    """Whether records may be named by this property; raises the 400."""
    known = call.portal.active(kind, name)
    if known is None or not known.unique:
        raise invalid(f"Unable to perform update/upsert by non-unique {KINDS[kind][0]} property {name}")


def get_one(call: Call, name: str, key: str) -> Reply:
    """GET /crm/v3/objects/X/id."""
    kind = kind_of(name)
    record = found(call, kind, key, archived=call.yes("archived"))
    return Reply({**view(call, kind).of(record), **associated(call, kind, record, call.many("associations"))})


def create_one(call: Call, name: str) -> Reply:
    """POST /crm/v3/objects/X."""
    kind, body = kind_of(name), call.json()
    given = body.get("properties", {})
    try:
        values = checks.dated(kind, checks.checked(call.portal, kind, given, None))
        types = link_new(call, kind, body.get("associations") or [])
    except ApiError as error:
        writes.log(call.portal, kind, call.actor, "create", None, values=given, outcome=error.category)
        raise
    record = writes.create(call.portal, kind, call.actor, values)
    types(record)
    return Reply(View(call.portal, kind, list(values)).of(record), 201)


def update_one(call: Call, name: str, key: str) -> Reply:
    """PATCH /crm/v3/objects/X/id."""
    kind = kind_of(name)
    if call.one("idProperty") == "hs_object_id":
        check_unique(call, kind, "hs_object_id")
    record = found(call, kind, key)
    values = accept(call, kind, record, call.json().get("properties", {}))
    writes.apply(call.portal, kind, record, call.actor, values)
    return Reply(View(call.portal, kind, list(values)).of(record))


def accept(call: Call, kind: str, record: Record, given: Any) -> dict[str, str]:
    """The values of an update as they will be kept; a refusal is logged and raised."""
    try:
        call.portal.faults.strike_record(kind, record.id)
        _unlocked(call, record)
        return checks.checked(call.portal, kind, given, record)
    except ApiError as error:
        tried = given if isinstance(given, dict) else {}
        writes.log(call.portal, kind, call.actor, "update", record.id, values=tried, outcome=error.category)
        raise


def _unlocked(call: Call, record: Record) -> None:
    if record.id in call.portal.locked:
        raise ApiError(423, "LOCKED", f"The record {record.id} is currently locked. Try again later.")


def archive_one(call: Call, name: str, key: str) -> Reply:
    """DELETE /crm/v3/objects/X/id: 204 also for what never was."""
    kind = kind_of(name)
    record = call.portal.shelves[kind].find(key)
    if record and record.archived_at is None and record.merged_into is None:
        merging.archive(call.portal, kind, record, call.actor)
    return Reply(None, 204)


def merge(call: Call, name: str) -> Reply:
    """POST /crm/v3/objects/X/merge."""
    kind, body = kind_of(name), call.json()
    shelf = call.portal.shelves[kind]
    pair = [shelf.find(body.get(key)) for key in ("primaryObjectId", "objectIdToMerge")]
    winner, loser = pair
    if winner is None or loser is None or any(r.archived_at is not None or r.merged_into for r in (winner, loser)):
        raise not_found()
    if winner is loser:
        raise invalid("Cannot merge an object with itself")
    survivor = merging.merge(call.portal, kind, winner, loser, call.actor)
    return Reply(View(call.portal, kind, None).of(survivor))
