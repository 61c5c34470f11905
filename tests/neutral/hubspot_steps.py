"""What each kind of neutral event is in a portal: who does what to which record."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from sandbox.hubspot.associations import with_records as associated
from sandbox.hubspot.clock import iso, millis
from sandbox.hubspot.events import clone, deactivate_owner, delete_as, link, restore
from sandbox.hubspot.setup import ADMIN
from tests.neutral.world import ZONE, login_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.neutral.events import Event
    from tests.neutral.hubspot import Player

PREFIX: Final = {"New business": "nb", "Renewal": "rn"}
VALUES: Final = {"amount": "amount", "currency": "deal_currency_code", "next_step": "hs_next_step"}
NOON: Final = time(12)


def closing(day: str, hour: str | None = None) -> str:
    """A close date as HubSpot keeps it: an instant, here of an hour in the portal's zone, noon by default."""
    at = datetime.combine(date.fromisoformat(day), time.fromisoformat(hour) if hour else NOON, ZoneInfo(ZONE))
    return iso(millis(at))


def _created(player: Player, event: Event) -> None:
    given, login = event.values, login_of(event.values["owner"])
    player.pipelines[event.deal] = given["pipeline"]
    values = {VALUES[name]: given[name] for name in VALUES if name in given} | dict(given.get("facts", {})) | {
        "dealname": given["name"], "pipeline": PREFIX[given["pipeline"]],
        "dealstage": player.stage(event, given["stage"]), "hubspot_owner_id": player.owner_id(login),
        **({"closedate": closing(given["close"])} if "close" in given else {}),
    }  # fmt: skip
    player.deals[event.deal] = player.create(event, "deals", values)
    player.owners[event.deal] = login
    if "account" in given:
        _belongs(player, event, player.account(given["account"]))


def _belongs(player: Player, event: Event, company: str) -> None:
    player.accounts[event.deal] = company
    link(player.portal, "deals", player.deals[event.deal], "companies", company, labels=["Primary"])


def _cloned(player: Player, event: Event) -> None:
    source, login = event.values["from"], login_of(event.values["owner"])
    made = clone(player.portal, login, player.deals[source])
    player.deals[event.deal], player.owners[event.deal] = made, login
    player.pipelines[event.deal] = player.pipelines[source]
    for contact in list(player.portal.links.of("deals", int(made), "contacts")):
        associated.part(player.portal, "deals", int(made), "contacts", contact)
    player.edit(event, {"dealname": event.values["name"], "hubspot_owner_id": player.owner_id(login)})
    if source in player.accounts:
        _belongs(player, event, player.accounts[source])


def _moved(player: Player, event: Event) -> None:
    pipeline = event.values.get("pipeline")
    if pipeline:
        player.pipelines[event.deal] = pipeline
    to = {"dealstage": player.stage(event, event.values["stage"])}
    player.edit(event, {**to, **({"pipeline": PREFIX[pipeline]} if pipeline else {})})


def _closed(player: Player, event: Event) -> None:
    closed = {"dealstage": player.stage(event, event.what), "closedate": closing(event.values["close"])}
    player.edit(event, {**closed, **event.values.get("facts", {})})


def _close_date(player: Player, event: Event) -> None:
    player.edit(event, {"closedate": closing(event.values["on"], event.values.get("time"))})


def _owner(player: Player, event: Event) -> None:
    login = login_of(event.values["owner"])
    player.edit(event, {"hubspot_owner_id": player.owner_id(login)})
    player.owners[event.deal] = login


def _now(player: Player) -> dict[str, str]:
    return {"hs_timestamp": iso(player.portal.clock.ms())}


def _called(player: Player, event: Event) -> None:
    values = {"hs_call_title": "Call", "hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED"}
    player.log(event, "calls", {**_now(player), **values})


def _wrote(player: Player, event: Event) -> None:
    bulk = {"hs_sequence_id": "4711"} if event.what == "bulk mail" else {}
    values = {"hs_email_subject": "Follow-up", "hs_email_direction": "EMAIL", "hs_email_status": "SENT"}
    player.log(event, "emails", {**_now(player), **values, **bulk})


def _noted(player: Player, event: Event) -> None:
    player.log(event, "notes", {**_now(player), "hs_note_body": "Note"})


def _task(player: Player, event: Event) -> None:
    due = {"hs_timestamp": closing(event.values["due"])} if "due" in event.values else {}
    of = login_of(event.values["of"]) if "of" in event.values else player.owners[event.deal]
    values = {"hs_task_subject": "To do", "hs_task_status": "NOT_STARTED", "hubspot_owner_id": player.owner_id(of)}
    player.others[event.deal, f"task {event.values['key']}"] = player.log(event, "tasks", {**values, **due})


def _task_done(player: Player, event: Event) -> None:
    task = player.others[event.deal, f"task {event.values['key']}"]
    player.edit(event, {"hs_task_status": "COMPLETED"}, "tasks", task)


def _meeting(player: Player, event: Event) -> None:
    starts = datetime.fromisoformat(event.values["starts"])
    start, end = iso(millis(starts)), iso(millis(starts + timedelta(hours=1)))
    values = {
        "hs_timestamp": start, "hs_meeting_title": "Meeting", "hs_meeting_start_time": start,
        "hs_meeting_end_time": end, "hs_meeting_outcome": "SCHEDULED",
    }  # fmt: skip
    player.others[event.deal, f"meeting {event.values['key']}"] = player.log(event, "meetings", values)


def _cancelled(player: Player, event: Event) -> None:
    meeting = player.others[event.deal, f"meeting {event.values['key']}"]
    player.edit(event, {"hs_meeting_outcome": "CANCELED"}, "meetings", meeting)


def _contact(player: Player, event: Event) -> None:
    role = event.values.get("role")
    labels = [role] if role else []
    link(player.portal, "deals", player.deals[event.deal], "contacts", player.contact(event), labels=labels)


def _contact_removed(player: Player, event: Event) -> None:
    deal, contact = int(player.deals[event.deal]), int(player.contact(event))
    associated.part(player.portal, "deals", deal, "contacts", contact)


def _left(player: Player, event: Event) -> None:
    deactivate_owner(player.portal, login_of(event.values["owner"]))


def _binned(player: Player, event: Event) -> None:
    delete_as(player.portal, ADMIN, "deals", player.deals[event.deal])


DO: Final[dict[str, Callable[[Player, Event], None]]] = {
    "created": _created,
    "imported": _created,
    "cloned": _cloned,
    "moved": _moved,
    "won": _closed,
    "lost": _closed,
    "reopened": _moved,
    "amount": lambda player, event: player.edit(event, {"amount": event.values["amount"]}),
    "currency": lambda player, event: player.edit(event, {"deal_currency_code": event.values["currency"]}),
    "close date": _close_date,
    "next step": lambda player, event: player.edit(event, {"hs_next_step": event.values["text"]}),
    "owner": _owner,
    "facts": lambda player, event: player.edit(event, event.values["facts"]),
    "renamed": lambda player, event: player.edit(event, {"dealname": event.values["name"]}),
    "call": _called,
    "mail": _wrote,
    "bulk mail": _wrote,
    "note": _noted,
    "meeting": _meeting,
    "meeting cancelled": _cancelled,
    "task": _task,
    "task done": _task_done,
    "contact": _contact,
    "contact removed": _contact_removed,
    "binned": _binned,
    "restored": lambda player, event: restore(player.portal, "deals", player.deals[event.deal]),
    "left": _left,
}
