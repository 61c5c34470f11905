"""What people log on deals: calls, mails, meetings, notes and tasks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sandbox.hubspot.clock import iso, millis
from sandbox.hubspot.events import create_as, edit_as

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sandbox.hubspot.portal import Portal

_HOUR = timedelta(hours=1)


def _log(portal: Portal, user: str, kind: str, deals: str | Iterable[str], values: dict[str, Any]) -> str:
    """An engagement in a user's name, on deals and on the contacts among its values."""
    contacts = values.pop("contacts", ())
    owner = portal.owner(user).id if user in {o.email for o in portal.owners.values()} | set(portal.owners) else ""
    own = {"hubspot_owner_id": owner} if owner else {}
    ids = [deals] if isinstance(deals, str) else list(deals)
    return create_as(portal, user, kind, {**own, **values}, links={"deals": ids, "contacts": list(contacts)})


def _at(portal: Portal, at: datetime | None) -> str:
    return iso(millis(at) if at else portal.clock.ms())


def log_call(portal: Portal, user: str, deals: str | Iterable[str], at: datetime | None = None, **more: Any) -> str:
    """A call that was made, now or at an instant; its id. `more` are properties, or `contacts`."""
    base = {"hs_timestamp": _at(portal, at), "hs_call_title": "Call", "hs_call_direction": "OUTBOUND"}
    return _log(portal, user, "calls", deals, {**base, "hs_call_status": "COMPLETED", **more})


def log_email(portal: Portal, user: str, deals: str | Iterable[str], at: datetime | None = None, **more: Any) -> str:
    """A mail that was sent."""
    base = {"hs_timestamp": _at(portal, at), "hs_email_subject": "Follow-up", "hs_email_direction": "EMAIL"}
    return _log(portal, user, "emails", deals, {**base, "hs_email_status": "SENT", **more})


def log_meeting(portal: Portal, user: str, deals: str | Iterable[str], at: datetime | None = None, **more: Any) -> str:
    """A meeting that starts at an instant, which may lie ahead."""
    start = at or portal.clock.now()
    ahead = start > portal.clock.now()
    base = {
        "hs_timestamp": iso(millis(start)),
        "hs_meeting_title": "Meeting",
        "hs_meeting_start_time": iso(millis(start)),
        "hs_meeting_end_time": iso(millis(start + _HOUR)),
        "hs_meeting_outcome": "SCHEDULED" if ahead else "COMPLETED",
    }
    return _log(portal, user, "meetings", deals, {**base, **more})


def log_note(portal: Portal, user: str, deals: str | Iterable[str], at: datetime | None = None, **more: Any) -> str:
    """A note."""
    return _log(portal, user, "notes", deals, {"hs_timestamp": _at(portal, at), "hs_note_body": "Note", **more})


def log_task(portal: Portal, user: str, deals: str | Iterable[str], due: datetime | None = None, **more: Any) -> str:
    """A task that is due at an instant, not begun unless `hs_task_status` says so."""
    base = {"hs_timestamp": _at(portal, due), "hs_task_subject": "Task", "hs_task_status": "NOT_STARTED"}
    return _log(portal, user, "tasks", deals, {**base, "hs_task_type": "TODO", **more})


def complete_task(portal: Portal, user: str, task: str) -> str:
    """A task is done now."""
    return edit_as(portal, user, "tasks", task, {"hs_task_status": "COMPLETED"})
