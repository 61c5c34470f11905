"""Calls, mails, meetings, notes and tasks: what they set on themselves and roll up to the records they belong to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sandbox.hubspot.clock import iso, moment
from sandbox.hubspot.records.table import CALCULATED
from sandbox.hubspot.schema.definitions import ENGAGEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.hubspot.portal import Portal
    from sandbox.hubspot.records.table import Record

PARENTS = ("deals", "contacts", "companies")
_BODIES = {
    "calls": "hs_call_body",
    "emails": "hs_email_text",
    "meetings": "hs_meeting_body",
    "notes": "hs_note_body",
    "tasks": "hs_task_body",
}
_CONTACTED = frozenset({"calls", "emails", "meetings"})
_TAGS = re.compile(r"<[^>]+>")


def follow(portal: Portal, kind: str, record: Record, at: int) -> None:
    """An engagement changed: its own derived values, and the roll-ups of what it belongs to."""
    if kind not in ENGAGEMENTS:
        return
    if record.fill(_own(kind, record, at)):
        portal.noticed(kind, record)
    for parent in PARENTS:
        for number in portal.links.of(kind, record.id, parent):
            roll_up(portal, parent, portal.shelves[parent].rows[number], at)


def _own(kind: str, record: Record, at: int) -> dict[str, str]:
    props = record.props
    found = {"hs_body_preview": _TAGS.sub("", props.get(_BODIES[kind], ""))[:200]}
    if kind == "tasks":
        done = props.get("hs_task_status") == "COMPLETED"
        found["hs_task_is_completed"] = "1" if done else "0"
        found["hs_task_completion_date"] = (props.get("hs_task_completion_date") or iso(at)) if done else ""
    if kind == "meetings" and not props.get("hs_timestamp"):
        found["hs_timestamp"] = props.get("hs_meeting_start_time", "")
    return {name: value for name, value in found.items() if value or props.get(name)}


def roll_up(portal: Portal, kind: str, record: Record, at: int) -> None:
    """Count anew what belongs to a record; any change moves its date of the last change. The count has a history."""
    values = rolled(portal, kind, record, at)
    count = {name: value for name, value in values.items() if name == "num_notes"}
    if record.put(count, CALCULATED, at, portal.settings.versions):
        portal.touch(kind, record, at)
    portal.calculate(kind, record, values, at)


def rolled(portal: Portal, kind: str, record: Record, at: int) -> dict[str, str]:
    """The roll-up properties as they should be: dates of what has been, and of what is planned next."""
    own = list(_of(portal, kind, record))
    past = [(when, each) for when, each, _ in own if when <= at]
    ahead = [when for when, each, row in own if when > at and _planned(each, row)]
    contacts = [when for when, each in past if each in _CONTACTED]
    meetings = [when for when, each, _ in own if each == "meetings"]
    found = {
        "num_notes": str(len(own)) if own else "",
        "num_contacted_notes": str(len(contacts)) if contacts else "",
        "notes_last_updated": _newest(when for when, _ in past),
        "notes_last_contacted": _newest(contacts),
        "notes_next_activity_date": iso(min(ahead)) if ahead else "",
        "hs_latest_meeting_activity": _newest(meetings),
    }
    return {name: value for name, value in found.items() if value or record.props.get(name)}


def _of(portal: Portal, kind: str, record: Record) -> Iterator[tuple[int, str, Record]]:
    for each in ENGAGEMENTS:
        for number in portal.links.of(kind, record.id, each):
            row = portal.shelves[each].rows[number]
            when = row.props.get("hs_timestamp") or row.props.get("hs_createdate")
            if row.archived_at is None and when:
                yield moment(when), each, row


def _planned(kind: str, row: Record) -> bool:
    """A meeting that still stands, or a task that is not done."""
    if kind == "tasks":
        return row.props.get("hs_task_status") not in {"COMPLETED", "DEFERRED"}
    return kind == "meetings" and row.props.get("hs_meeting_outcome") not in {"CANCELED", "RESCHEDULED", "NO_SHOW"}


def _newest(instants: Iterator[int] | list[int]) -> str:
    found = max(instants, default=None)
    return "" if found is None else iso(found)
