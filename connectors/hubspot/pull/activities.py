"""Calls, mails, meetings, notes and tasks as activities: what kind, in which state, and when it happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connectors.hubspot.client import convert as to
from connectors.shared.pull.plausible import NONSENSE
from connectors.shared.pull.rows import known, readable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from connectors.hubspot.client.schema import Schema
    from connectors.hubspot.pull.actors import Actors
    from connectors.hubspot.settings import Source
    from model.records import Record

_SHARED: Final = (
    "hs_timestamp", "hs_createdate", "hs_lastmodifieddate", "hubspot_owner_id", "hs_object_source",
    "hs_object_source_id", "hs_object_source_user_id", "hs_created_by_user_id", "hs_created_by",
)  # fmt: skip
_CALL_OFF: Final = {"CANCELED", "FAILED"}
_CALL_WAITS: Final = {"QUEUED", "RINGING", "CONNECTING", "CALLING_CRM_USER"}
_MEETING_OFF: Final = {"CANCELED", "CANCELLED", "NO_SHOW", "RESCHEDULED"}
_MAIL_OFF: Final = {"BOUNCED", "FAILED"}
_MAIL_WAITS: Final = {"SCHEDULED", "SENDING"}


@dataclass(frozen=True)
class Kind:
    """One object type: how we call it, what is asked for, and what its values mean: (state, at)."""

    name: Source
    type: str
    properties: tuple[str, ...]
    state_of: Callable[[Mapping[str, str | None], datetime | None], tuple[str, datetime | None]]


def _call(given: Mapping[str, str | None], at: datetime | None) -> tuple[str, datetime | None]:
    status = given.get("hs_call_status")
    return ("cancelled" if status in _CALL_OFF else "open" if status in _CALL_WAITS else "done"), at


def _mail(given: Mapping[str, str | None], at: datetime | None) -> tuple[str, datetime | None]:
    status = given.get("hs_email_status")
    return ("cancelled" if status in _MAIL_OFF else "open" if status in _MAIL_WAITS else "done"), at


def _meeting(given: Mapping[str, str | None], at: datetime | None) -> tuple[str, datetime | None]:
    """Whether it has begun is asked of its start, so nothing changes as time goes by."""
    off = given.get("hs_meeting_outcome") in _MEETING_OFF
    return ("cancelled" if off else "done"), to.instant(given.get("hs_meeting_start_time")) or at


def _note(given: Mapping[str, str | None], at: datetime | None) -> tuple[str, datetime | None]:
    del given
    return "done", at


def _task(given: Mapping[str, str | None], at: datetime | None) -> tuple[str, datetime | None]:
    """Done when it was completed; its date (`hs_timestamp`) is when it is due."""
    del at
    status = given.get("hs_task_status")
    if status == "COMPLETED":
        return "done", to.instant(given.get("hs_task_completion_date") or given.get("hs_createdate"))
    return "open", None


DATED: Final = frozenset({"task", "meeting", "call"})
"""Kinds that are a plan on their day while it is ahead."""
KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind("call", "calls", ("hs_call_status",), _call),
        Kind("mail", "emails", ("hs_email_status", "hs_email_direction", "hs_sequence_id"), _mail),
        Kind("meeting", "meetings", ("hs_meeting_start_time", "hs_meeting_outcome"), _meeting),
        Kind("note", "notes", (), _note),
        Kind("task", "tasks", ("hs_task_status", "hs_task_completion_date", "hs_task_type"), _task),
    )
}


def properties(kind: Kind, schema: Schema) -> list[str]:
    """What is asked of an object type."""
    return schema.asked((*_SHARED, *kind.properties), kind.type)


def records(
    kind: Kind, row: Mapping[str, Any], parents: Mapping[str, list[str]], actors: Actors, zone: ZoneInfo
) -> list[Record]:
    """One record for each deal that it is on; for each contact or company where it is on no deal."""
    contact, account = _first(parents, "contacts"), _first(parents, "companies")
    places: list[tuple[str | None, str | None, str | None]]
    places = [(deal, contact, account) for deal in parents.get("deals") or ()]
    places = places or [(None, one, account) for one in parents.get("contacts") or ()]
    places = places or [(None, None, one) for one in parents.get("companies") or ()]
    shared = _shared(kind, row, actors, zone) if places else {}
    key = record_id(kind, row)
    return [
        {
            "id": f"{key}:{deal or person or company}" if place else key,
            "opportunity_id": deal,
            "contact_id": person,
            "account_id": company,
            **shared,
        }
        for place, (deal, person, company) in enumerate(places)
    ]


def legible(
    kind: Kind, row: Mapping[str, Any], parents: Mapping[str, list[str]], actors: Actors, zone: ZoneInfo
) -> list[Record]:
    """The same; where a value makes no sense, records without what may come of it."""
    try:
        return records(kind, row, parents, actors, zone)
    except NONSENSE:
        made = readable(
            row["properties"], lambda some: records(kind, {"id": row["id"], "properties": some}, parents, actors, zone)
        )
        return list(map(known, made))


def record_id(kind: Kind, row: Mapping[str, Any]) -> str:
    """Ids of two object types may be equal."""
    return f"{kind.name}:{row['id']}"


def _first(parents: Mapping[str, list[str]], kind: str) -> str | None:
    found = parents.get(kind)
    return found[0] if found else None


def _shared(kind: Kind, row: Mapping[str, Any], actors: Actors, zone: ZoneInfo) -> Record:
    given = row["properties"]
    stamp = to.instant(given.get("hs_timestamp"))
    state, at = kind.state_of(given, stamp)
    return {
        "kind": kind.name,
        "state": state,
        "at": at,
        "due": stamp.astimezone(zone).date() if stamp and kind.name in DATED else None,
        "created": to.instant(given.get("hs_createdate")) or to.instant(row.get("createdAt")),
        "owner_id": to.text(given.get("hubspot_owner_id")),
        "created_by": _maker(given, actors),
        "bulk": bool(given.get("hs_sequence_id")),
        "possible": False,
        "modified": to.instant(given.get("hs_lastmodifieddate")),
        "gone": None,
    }


def _maker(given: Mapping[str, str | None], actors: Actors) -> str | None:
    user = given.get("hs_object_source_user_id") or given.get("hs_created_by_user_id") or given.get("hs_created_by")
    return actors.named(given.get("hs_object_source"), given.get("hs_object_source_id"), user)
