"""Up to 200 rows in one call."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.api.call import Call, Reply
from sandbox.salesforce.api.rows import shown
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.records import ids
from sandbox.salesforce.records.writes import Kind, Op, save

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_ROWS, MOST_CHUNKS, MOST_READ = 200, 10, 2_000


def _at_most(given: Sequence[Any], most: int) -> None:
    if len(given) > most:
        message = f"record limit reached. cannot submit more than {most} records into this call"
        raise ApiError("EXCEEDED_ID_LIMIT", message)


def records_of(call: Call) -> tuple[list[dict[str, Any]], bool]:
    """The records of a request, and whether all of them are wanted or none; raises the whole call's refusal."""
    body = call.json()
    records = body.get("records") if isinstance(body, dict) else None
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise ApiError("JSON_PARSER_ERROR", "The request needs a list named records")
    _at_most(records, MOST_ROWS)
    kinds = [(r.get("attributes") or {}).get("type") for r in records]
    if None in kinds:
        raise ApiError("INVALID_INPUT", "Include an sObject type in the attributes of each record")
    if sum(a != b for a, b in pairwise(kinds)) >= MOST_CHUNKS:
        raise ApiError("LIMIT_EXCEEDED", f"The records hold more than {MOST_CHUNKS} chunks of one type each")
    return records, bool(body.get("allOrNone"))


def _write(call: Call, kind: Kind) -> Reply:
    records, all_or_none = records_of(call)
    ops = []
    for record in records:
        apart = {"attributes", "id", "Id"} if kind == "update" else {"attributes"}
        values = {k: v for k, v in record.items() if k not in apart}
        row_id = (record.get("id") or record.get("Id") or "") if kind == "update" else None
        ops.append(Op(kind, call.org.entity(record["attributes"]["type"]).name, row_id, values))
    return Reply([r.json() for r in save(call.org, call.user_id, ops, all_or_none=all_or_none)])


def create_rows(call: Call) -> Reply:
    """POST composite/sobjects."""
    return _write(call, "create")


def update_rows(call: Call) -> Reply:
    """PATCH composite/sobjects."""
    return _write(call, "update")


def delete_rows(call: Call) -> Reply:
    """DELETE composite/sobjects?ids=a,b."""
    wanted = [i for i in call.params.get("ids", "").split(",") if i]
    _at_most(wanted, MOST_ROWS)
    ops = [Op("delete", _kind_of(call, i), i) for i in wanted]
    results = save(call.org, call.user_id, ops, all_or_none=call.params.get("allOrNone") == "true")
    return Reply([r.json() for r in results])


def _kind_of(call: Call, row_id: str) -> str:
    found = next((e.name for e in call.org.objects.values() if e.prefix == row_id[:3]), None)
    if found is None:
        raise ApiError("MALFORMED_ID", f"malformed id {row_id}")
    return found


def read_rows(call: Call, name: str) -> Reply:
    """GET composite/sobjects/X?ids=&fields=, or POST with a body: a list, null where there is no such row."""
    if call.method == "POST":
        body = call.json()
        wanted, names = body.get("ids") or [], body.get("fields") or []
    else:
        wanted, names = call.params.get("ids", "").split(","), call.params.get("fields", "").split(",")
    return Reply(_found(call, name, wanted, names))


def _found(call: Call, name: str, wanted: Sequence[str], names: list[str]) -> list[dict[str, Any] | None]:
    _at_most(wanted, MOST_READ)
    entity = call.org.entity(name)
    table = call.org.tables[entity.name]
    replies: list[dict[str, Any] | None] = []
    for row_id in wanted:
        row = table.rows.get(ids.long(row_id) or "")
        seen = row and not row["IsDeleted"] and call.org.access.sees(call.user_id, entity.name, row)
        replies.append(shown(call, entity, row, names) if row and seen else None)
    return replies
