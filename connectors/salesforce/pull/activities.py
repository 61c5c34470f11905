"""Tasks and events as activities: what kind, in which state, and when it happened."""

from __future__ import annotations

import re
from datetime import datetime, time
from typing import TYPE_CHECKING, Any, Final, Protocol
from zoneinfo import ZoneInfo

from connectors.salesforce.client import convert as to
from connectors.salesforce.pull.streams import Plan, Row, Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.salesforce.client.schema import Schema
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
_DEAL, _CONTACT, _ACCOUNT, _LEAD = "006", "003", "001", "00Q"


def task_stream(schema: Schema, settings: SalesforceSettings) -> Stream:
    """Tasks of opportunities, in the bin and archived ones included."""
    return _stream("Task", schema, settings, _TASK, lambda: _task(_Whose(schema, settings)))


def event_stream(schema: Schema, settings: SalesforceSettings) -> Stream:
    """Events of opportunities; whether one has begun is asked of its instant, so nothing changes as time goes by."""
    zone = ZoneInfo(settings.zone or "UTC")
    return _stream("Event", schema, settings, _EVENT, lambda: _event(_Whose(schema, settings), zone))


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

    wide = "(What.Type = 'Opportunity' OR What.Type = 'Account' OR WhoId != null)"
    where = "What.Type = 'Opportunity'" if settings.activity.roll_up == "deal" else wide
    return Stream(entity.lower(), "activity", entity, plan, where=where)


def of_leads(source: str, schema: Schema, settings: SalesforceSettings) -> Stream:
    """Tasks (`task`) or events (`event`) of leads, as records of LEAD_ACTIVITY."""
    entity, zone = source.capitalize(), ZoneInfo(settings.zone or "UTC")
    fields, make = (_TASK, _task(_OnLead())) if source == "task" else (_EVENT, _event(_OnLead(), zone))

    def plan() -> Plan | None:
        seen = schema.entity(entity)
        return Plan(tuple(seen.having((*_SHARED, *fields))), make) if seen and "WhoId" in seen.fields else None

    return Stream(f"lead_{source}", "lead_activity", entity, plan, where="Who.Type = 'Lead'")


class _Owned(Protocol):
    """Who knows what an activity is on."""

    def activity(self, row: Row) -> Record | None:
        """What tasks and events share; None for one that is not followed."""


class _OnLead:
    """Activities of leads."""

    def activity(self, row: Row) -> Record | None:
        """What tasks and events share; None for the pattern of a series."""
        who = row.get("WhoId") or ""
        if row.get("IsRecurrence") or not who.startswith(_LEAD):
            return None
        shared = _base(row, None, None, None)
        kept = ("id", "created", "created_by", "modified", "gone")
        return {**{name: shared[name] for name in kept}, "lead_id": who}


class _Whose:
    """Whose an activity is, by the first letters of its parents' ids."""

    def __init__(self, schema: Schema, settings: SalesforceSettings) -> None:
        deal = schema.entity("Opportunity")
        self._deal = (deal.prefix if deal else "") or _DEAL
        self._rolled_up = settings.activity.roll_up == "contacts"

    def activity(self, row: Row) -> Record | None:
        """What tasks and events share; None for the pattern of a series and for what is on nothing we follow."""
        what, who = row["WhatId"] or "", row.get("WhoId") or ""
        deal = what if what.startswith(self._deal) else None
        contact = who if who.startswith(_CONTACT) else None
        account = row.get("AccountId") or (what if what.startswith(_ACCOUNT) else None)
        followed = deal or (self._rolled_up and (contact or account))
        if row.get("IsRecurrence") or not followed:
            return None
        return _base(row, deal, contact, account)


def _task(owned: _Owned) -> Callable[[Row], Record | None]:
    def record(row: Row) -> Record | None:
        found = owned.activity(row)
        if found is None:
            return None
        subtype = str(row.get("TaskSubtype") or "").lower()
        done, off = row.get("IsClosed"), _OFF.match(row.get("Status") or "")
        kind = _kind(row, subtype)
        found["kind"] = "task" if kind == "mail" and not done else kind  # a mail that is still to be written
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


def _event(owned: _Owned, zone: ZoneInfo) -> Callable[[Row], Record | None]:
    def record(row: Row) -> Record | None:
        found = owned.activity(row)
        if found is None:
            return None
        off = _OFF.match(row.get("Subject") or "")
        found["kind"] = "meeting"
        found["state"] = "cancelled" if off else "done"
        found["at"] = _start(row, zone)
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


def _base(row: Row, deal: str | None, contact: str | None, account: str | None) -> dict[str, Any]:
    return {
        "id": row["Id"],
        "opportunity_id": deal,
        "account_id": account,
        "contact_id": contact,
        "due": to.day(row.get("ActivityDate")),
        "created": to.instant(row["CreatedDate"]),
        "owner_id": row.get("OwnerId"),
        "created_by": row.get("CreatedById"),
        "possible": False,
        "modified": to.instant(row["SystemModstamp"]),
        "gone": "deleted" if row.get("IsDeleted") else None,
    }
