"""GET sobjects/X/updated and /deleted: ids by the time of their last change."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sandbox.salesforce.api.call import Call, Reply
from sandbox.salesforce.clock import wire
from sandbox.salesforce.errors import ApiError, not_found

if TYPE_CHECKING:
    from sandbox.salesforce.records.table import Row

_UPDATED, _DELETED = timedelta(days=30), timedelta(days=15)
_SHORTEST = timedelta(seconds=60)


def _window(call: Call, name: str, oldest: timedelta) -> tuple[list[Row], str]:
    entity = call.org.objects.get(name)
    if entity is None or "SystemModstamp" not in entity.fields:
        raise not_found()
    try:
        # A plus sign that nobody escaped arrives as a space.
        start, end = (datetime.fromisoformat(call.params[k].replace(" ", "+")) for k in ("start", "end"))
    except (KeyError, ValueError) as error:
        raise ApiError("INVALID_REPLICATION_DATE", "start and end must be date times with a zone") from error
    if start.tzinfo is None or end.tzinfo is None or end - start < _SHORTEST:
        raise ApiError("INVALID_REPLICATION_DATE", "startDate before endDate by at least one minute, with a zone")
    if call.org.clock.now() - start > oldest:
        raise ApiError("INVALID_REPLICATION_DATE", f"startDate must be within {oldest.days} days of today")
    table = call.org.tables[name]
    inside = table.order("SystemModstamp").between(wire(start), wire(end))
    rows = [table.rows[i] for i in inside if call.org.access.sees(call.user_id, name, table.rows[i])]
    return rows, min([wire(min(end, call.org.clock.now())), *_running(call)])


def _running(call: Call) -> list[str]:
    """When each transaction ran that is not yet visible: nothing is covered beyond it."""
    swapped = [row for late in call.org.late for _, _, row in late.swaps if row]
    return [row["SystemModstamp"] for row in swapped if "SystemModstamp" in row]


def updated(call: Call, name: str) -> Reply:
    """Ids of rows that changed and live."""
    rows, covered = _window(call, name, _UPDATED)
    return Reply({"ids": [r["Id"] for r in rows if not r["IsDeleted"]], "latestDateCovered": covered})


def deleted(call: Call, name: str) -> Reply:
    """Ids of rows that went into the bin, and when."""
    rows, covered = _window(call, name, _DELETED)
    gone = [{"id": r["Id"], "deletedDate": r["SystemModstamp"]} for r in rows if r["IsDeleted"]]
    first = min((r["CreatedDate"] for r in call.org.tables[name].rows.values()), default=covered)
    return Reply({"deletedRecords": gone, "earliestDateAvailable": first, "latestDateCovered": covered})
