"""What people and admins do in the org behind the API: edits, deletes, merges, approvals, hidden fields."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.records import ids
from sandbox.salesforce.records.table import LateCommit
from sandbox.salesforce.records.writes import Op, save

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.salesforce.org import Org
    from sandbox.salesforce.records.table import Row

_MERGED = (("Opportunity", "AccountId"), ("Contact", "AccountId"), ("Task", "WhatId"), ("Event", "WhatId"))
_EVERYBODY = "*"


def user_id(org: Org, name: str) -> str:
    """The id of a user by user name; raises LookupError."""
    found = next((u for u in org.tables["User"].rows.values() if u["Username"] == name), None)
    if found is None:
        raise LookupError(f"no user {name}")
    return str(found["Id"])


def row_of(org: Org, entity: str, row_id: str) -> Row:
    """A row by a 15- or 18-character id, deleted or not; raises LookupError."""
    row = org.tables[entity].rows.get(ids.long(row_id) or "")
    if row is None:
        raise LookupError(f"no {entity} {row_id}")
    return row


def create_as(org: Org, user: str, entity: str, values: dict[str, Any]) -> str:
    """What a user creates, by all rules; its id."""
    return _done(org, user, Op("create", entity, None, values))


def edit_as(org: Org, user: str, entity: str, row_id: str, values: dict[str, Any]) -> str:
    """What a user edits, by all rules; raises ApiError."""
    return _done(org, user, Op("update", entity, row_id, values))


def delete_as(org: Org, user: str, entity: str, row_id: str) -> str:
    """Into the bin, with all that belongs to it."""
    return _done(org, user, Op("delete", entity, row_id))


def _done(org: Org, user: str, op: Op) -> str:
    with org.lock:
        result = save(org, user_id(org, user), [op])[0]
    if result.error:
        raise result.error
    return str(result.id)


def undelete(org: Org, entity: str, row_id: str) -> None:
    """Out of the bin, with what went into it together with the row; only the row itself gets a new stamp."""
    row, stamp = row_of(org, entity, row_id), org.clock.stamp()
    _bring_back(org, entity, row)
    stamped = {"SystemModstamp": stamp, "LastModifiedDate": stamp}
    org.tables[entity].put({**org.tables[entity].rows[row["Id"]], **stamped})


def _bring_back(org: Org, entity: str, row: Row) -> None:
    org.tables[entity].put({**row, "IsDeleted": False})
    for child, key in org.objects[entity].children.values():
        for other in org.tables[child].where(key, row["Id"]):
            if other["IsDeleted"] and other.get("SystemModstamp") == row["SystemModstamp"]:
                _bring_back(org, child, other)


def erase(org: Org, entity: str, row_id: str) -> None:
    """Gone for good: not even queryAll finds it."""
    org.tables[entity].swap(row_of(org, entity, row_id)["Id"], None)


def clone(org: Org, user: str, row_id: str) -> str:
    """What a rep's Clone button makes of an opportunity: a new row with the same values, our fields included."""
    row, entity = row_of(org, "Opportunity", row_id), org.objects["Opportunity"]
    kept = {n: row[n] for n, f in entity.fields.items() if f.createable and row[n] is not None}
    seen = org.access.fields(user_id(org, user), entity)
    return create_as(org, user, "Opportunity", {n: v for n, v in kept.items() if seen.get(n) and n != "ContactId"})


def merge_accounts(org: Org, winner: str, losers: Sequence[str]) -> None:
    """Losers go into the bin and point to the winner, which takes their children."""
    best = row_of(org, "Account", winner)["Id"]
    stamp = org.clock.stamp()
    for loser in losers:
        row = row_of(org, "Account", loser)
        for entity, key in _MERGED:
            for child in org.tables[entity].where(key, row["Id"]):
                org.tables[entity].put({**child, key: best, "SystemModstamp": stamp})
        org.tables["Account"].put({**row, "IsDeleted": True, "MasterRecordId": best, "SystemModstamp": stamp})


def submit_for_approval(org: Org, row_id: str) -> str:
    """Lock a deal by an approval that is pending; the approval's id."""
    deal = row_of(org, "Opportunity", row_id)
    org.locked.add(deal["Id"])
    return str(
        org.add("ProcessInstance", TargetObjectId=deal["Id"], Status="Pending", SubmittedById=deal["OwnerId"])["Id"]
    )


def finish_approval(org: Org, row_id: str, status: str = "Approved") -> None:
    """Unlock a deal."""
    deal = row_of(org, "Opportunity", row_id)
    org.locked.discard(deal["Id"])
    stamp = org.clock.stamp()
    for row in org.tables["ProcessInstance"].where("TargetObjectId", deal["Id"]):
        if row["Status"] == "Pending":
            done = {"Status": status, "CompletedDate": stamp, "LastModifiedDate": stamp, "SystemModstamp": stamp}
            org.tables["ProcessInstance"].put({**row, **done})


def hide_field(org: Org, entity: str, field: str, user: str | None = None) -> None:
    """An admin takes a field from one user, or from everybody."""
    org.access.hidden.setdefault(f"{entity}.{field}", set()).add(user_id(org, user) if user else _EVERYBODY)
    org.access.changed()


def show_field(org: Org, entity: str, field: str) -> None:
    """Undo `hide_field` for everybody."""
    org.access.hidden.pop(f"{entity}.{field}", None)
    org.access.changed()


def hide_rows(org: Org, entity: str, user: str, percent: int = 50) -> None:
    """Sharing hides this part of an object's rows, always the same ones, from a user; 0 shows all again."""
    key = (user_id(org, user), entity)
    if percent:
        org.access.unseen[key] = lambda row: zlib.crc32(row["Id"].encode()) % 100 < percent
    else:
        org.access.unseen.pop(key, None)


def run_late(org: Org, change: Callable[[], Any]) -> LateCommit:
    """Run `change` now and hold back what it wrote until `commit`; other writes may come in between."""
    before = {name: dict(table.rows) for name, table in org.tables.items()}
    change()
    swaps: list[tuple[str, str, Row | None]] = []
    for name, table in org.tables.items():
        old = before[name]
        touched = [i for i in old.keys() | table.rows.keys() if old.get(i) is not table.rows.get(i)]
        for row_id in touched:
            swaps.append((name, row_id, table.rows.get(row_id)))
            table.swap(row_id, old.get(row_id))
    org.late.append(LateCommit(org.tables, swaps))
    return org.late[-1]


def _late(org: Org, body: dict[str, Any]) -> Any:
    run_late(org, lambda: edit_as(org, body["user"], body["entity"], body["id"], body["values"]))
    return {"late": len(org.late)}


def _commit(org: Org, _: dict[str, Any]) -> Any:
    for late in org.late:
        late.commit()
    org.late.clear()
    return {}


def _plain(function: Callable[..., Any]) -> Callable[[Org, dict[str, Any]], Any]:
    return lambda org, body: {"result": function(org, **body)}


def _row(function: Callable[..., str]) -> Callable[[Org, dict[str, Any]], Any]:
    """Create, edit and delete with what the body gives them."""
    keys = ("user", "entity", "id", "values")
    return lambda org, body: {"id": function(org, *(body[key] for key in keys if key in body))}


ACTIONS: dict[str, Callable[[Org, dict[str, Any]], Any]] = {
    "edit": _row(edit_as),
    "create": _row(create_as),
    "delete": _row(delete_as),
    "undelete": _plain(undelete),
    "erase": _plain(erase),
    "clone": _plain(clone),
    "merge": _plain(merge_accounts),
    "submit": _plain(submit_for_approval),
    "approve": _plain(finish_approval),
    "hide_field": _plain(hide_field),
    "show_field": _plain(show_field),
    "hide_rows": _plain(hide_rows),
    "late": _late,
    "commit": _commit,
}
