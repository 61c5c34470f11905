"""A look at what somebody worked on lately: four queries in one composite call, so that it costs one call."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import orjson

from connectors.salesforce.client.windows import literal
from connectors.shared.pull.convert import instant
from connectors.shared.pull.plausible import NONSENSE
from connectors.shared.record_ids import full_id
from model.sync import Look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.salesforce.client.client import Client

DEAL_OF: Final = {"Opportunity": "Id", "OpportunityContactRole": "OpportunityId", "Task": "WhatId", "Event": "WhatId"}
"""Object → its field with the deal."""
ACTIVITIES: Final = ("Task", "Event")
OVERLAP: Final = timedelta(minutes=2)
"""A row gets its stamp before others can see it."""
GRAIN: Final = timedelta(seconds=2)
"""Two edits in so much time may have one stamp, so that the second of them is looked at again."""
FOUND: Final = 200


def look(client: Client, seen: str) -> Look:
    """The deals and activities that others than our user changed since the look that left `seen`; none the first time.

    `seen` has the rows of that look, because the next one reads some minutes twice.
    """
    if not seen:
        client.rest("")  # to learn the server's time
        return Look(seen=_text(client.now(), {}))
    before = orjson.loads(seen)
    since = datetime.fromisoformat(before["at"]) - OVERLAP
    parts = [_part(client.settings.api_version, entity, since) for entity in DEAL_OF]
    reply = client.rest("composite", "POST", {"compositeRequest": parts})
    now, rows = client.now(), list(_rows(reply))
    more = any(part["httpStatusCode"] == FOUND and not part["body"]["done"] for part in reply["compositeResponse"])
    fresh = [(entity, row) for entity, row, stamp in rows if before["seen"].get(row["Id"]) != stamp]
    records = {record for entity, row in fresh if row.get("LastModifiedById") != client.user_id
               for record in _records(entity, row)}  # fmt: skip
    kept = {row["Id"]: stamp for _, row, stamp in rows if instant(stamp) < now - GRAIN}  # type: ignore[operator]
    return Look(frozenset(records), _text(now, kept), more=more)


def _part(version: str, entity: str, since: datetime) -> dict[str, str]:
    fields = dict.fromkeys(("Id", DEAL_OF[entity], "SystemModstamp", "LastModifiedById"))
    deals = " AND What.Type = 'Opportunity'" if entity in ACTIVITIES else ""
    soql = f"SELECT {', '.join(fields)} FROM {entity} WHERE SystemModstamp >= {literal(since)}{deals}"
    return {"method": "GET", "url": f"/services/data/v{version}/queryAll?q={quote(soql)}", "referenceId": entity}


def _rows(reply: Any) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Object, row and stamp. An object that our user may not read gives none."""
    for part in reply["compositeResponse"]:
        for row in part["body"]["records"] if part["httpStatusCode"] == FOUND else ():
            try:
                if instant(row["SystemModstamp"]) and full_id(row["Id"]):
                    yield part["referenceId"], row, row["SystemModstamp"]
            except NONSENSE:
                continue


def _records(entity: str, row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if deal := full_id(str(row.get(DEAL_OF[entity]) or "")):
        yield "opportunity", deal
    if entity in ACTIVITIES:
        yield "activity", row["Id"]  # it may have been on another deal before


def _text(at: datetime, seen: dict[str, str]) -> str:
    return orjson.dumps({"at": at.isoformat(), "seen": seen}).decode()
