"""Tasks and events as activities: what kind, in which state, and when it happened."""

from __future__ import annotations

import re
from datetime import datetime, time
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from connectors.salesforce import convert as to
from connectors.salesforce.streams import Plan, Row, Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.salesforce.schema import Schema
    from connectors.salesforce.settings import SalesforceSettings
    from model.records import Record

_SHARED: Final = (
    "Id", "WhatId", "WhoId", "AccountId", "ActivityDate", "CreatedDate", "CreatedById", "OwnerId", "SystemModstamp",
    "IsDeleted", "Subject",
)  # fmt: skip
_TASK: Final = ("Status", "IsClosed", "CompletedDateTime", "TaskSubtype", "Type", "CallType", "IsRecurrence")
_EVENT: Final = ("ActivityDateTime", "StartDateTime", "IsAllDayEvent", "IsRecurrence")
_OFF: Final = re.compile(r"\s*(cancell?ed|declined|no[ -]?show|rescheduled)\b", re.IGNORECASE)
_KINDS: Final = {"call": "call", "email": "mail", "listemail": "mail", "cadence": "mail", "linkedin": "mail"}
_BULK: Final = {"listemail", "cadence"}
_TYPES: Final = {"call": "call", "email": "mail", "meeting": "meeting"}
_MAIL_SUBJECT: Final = re.compile(r"\s*(mass |list )?e-?mail:", re.IGNORECASE)
_BULK_SUBJECT: Final = re.compile(r"\s*(mass|list) e-?mail:", re.IGNORECASE)
_DEAL, _CONTACT = "006", "003"


def task_stream(schema: Schema, settings: SalesforceSettings) -> Stream:
    """Tasks of opportunities, in the bin and archived ones included."""
    return _stream("Task", schema, settings, _TASK, lambda: _task(_prefix(schema)))


def event_stream(schema: Schema, settings: SalesforceSettings, now: Callable[[], datetime]) -> Stream:
    """Events of opportunities; `now` tells which have begun."""
    zone = ZoneInfo(settings.zone or "UTC")
    return _stream("Event", schema, settings, _EVENT, lambda: _event(_prefix(schema), zone, now()))


def _stream(
    entity: str,
    schema: Schema,
    settings: SalesforceSettings,
    fields: tuple[str, ...],
    make: Callable[[], Callable[[Row], Record | None]],
) -> Stream:
    def plan() -> Plan | None:
        seen = schema.entity(entity)
        return Plan(tuple(seen.having((*_SHARED, *fields))), make()) if seen and "WhatId" in seen.fields else None

    deals = "What.Type = 'Opportunity'"
    where = deals if settings.activity.roll_up == "deal" else f"({deals} OR WhoId != null)"
    return Stream(entity.lower(), "activity", entity, plan, where=where)


def _prefix(schema: Schema) -> str:
    deal = schema.entity("Opportunity")
    return deal.prefix or _DEAL if deal else _DEAL


def _task(prefix: str) -> Callable[[Row], Record | None]:
    def record(row: Row) -> Record | None:
        found = _activity(row, prefix)
        if found is None:
            return None
        subtype = str(row.get("TaskSubtype") or "").lower()
        done, off = row.get("IsClosed"), _OFF.match(row.get("Status") or "")
        found["kind"] = _kind(row, subtype)
        found["state"] = "cancelled" if off else "done" if done else "open"
        found["at"] = to.instant(row.get("CompletedDateTime") or row["CreatedDate"]) if done else None
        found["bulk"] = subtype in _BULK or bool(_BULK_SUBJECT.match(row.get("Subject") or ""))
        return found

    return record


def _kind(row: Row, subtype: str) -> str:
    if subtype in _KINDS:
        return _KINDS[subtype]
    if row.get("CallType"):
        return "call"
    if _MAIL_SUBJECT.match(row.get("Subject") or ""):
        return "mail"
    return _TYPES.get(str(row.get("Type") or "").lower(), "task")


def _event(prefix: str, zone: ZoneInfo, now: datetime) -> Callable[[Row], Record | None]:
    def record(row: Row) -> Record | None:
        found = _activity(row, prefix)
        if found is None:
            return None
        at = _start(row, zone)
        off = _OFF.match(row.get("Subject") or "")
        found["kind"] = "meeting"
        found["state"] = "cancelled" if off else "open" if at and at > now else "done"
        found["at"] = at
        found["bulk"] = False
        return found

    return record


def _start(row: Row, zone: ZoneInfo) -> datetime | None:
    """When a meeting begins; one that lasts all day begins with the connection's day."""
    day = to.day(row.get("ActivityDate"))
    start = row.get("StartDateTime") or row.get("ActivityDateTime")
    if day and (row.get("IsAllDayEvent") or not start):
        return to.instant(datetime.combine(day, time(), zone).isoformat())
    return to.instant(start)


def _activity(row: Row, prefix: str) -> Record | None:
    """What tasks and events share; None for a series' pattern and for what is on neither deal nor contact."""
    what, who = row["WhatId"] or "", row.get("WhoId") or ""
    deal = what if what.startswith(prefix) else None
    contact = who if who.startswith(_CONTACT) else None
    if row.get("IsRecurrence") or not (deal or contact):
        return None
    return _base(row, deal, contact)


def _base(row: Row, deal: str | None, contact: str | None) -> dict[str, Any]:
    return {
        "id": row["Id"],
        "opportunity_id": deal,
        "account_id": row.get("AccountId"),
        "contact_id": contact,
        "due": to.day(row.get("ActivityDate")),
        "created": to.instant(row["CreatedDate"]),
        "owner_id": row.get("OwnerId"),
        "created_by": row.get("CreatedById"),
        "possible": False,
        "modified": to.instant(row["SystemModstamp"]),
        "gone": "deleted" if row.get("IsDeleted") else None,
    }
