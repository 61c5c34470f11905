"""What each kind of neutral event is in an org: who does what to which row."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sandbox.salesforce.clock import wire
from sandbox.salesforce.events import clone, create_as, delete_as, edit_as, undelete
from sandbox.salesforce.setup import ADMIN
from tests.neutral.world import FIELDS, PIPELINES, login_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.neutral.events import Event
    from tests.neutral.salesforce import Player

MONEY: Final = {"amount": "Amount", "currency": "CurrencyIsoCode", "close": "CloseDate", "next_step": "NextStep"}


def api_name(key: str) -> str:
    """The field of the org that holds one of the customer's own: terms_agreed → Terms_Agreed__c."""
    return f"{'_'.join(word.capitalize() for word in key.split('_'))}__c"


LABELS: Final = {stage.key: stage.label for pipeline in PIPELINES for stage in pipeline.stages}
FACTS: Final = {own.key: api_name(own.key) for own in FIELDS}
"""Fact → field, as a connection's map wants it."""


def _created(player: Player, event: Event) -> None:
    given = dict(event.values)
    facts, owner = given.get("facts", {}), login_of(given["owner"])
    values = {MONEY[name]: given[name] for name in MONEY if name in given} | {
        "Name": given["name"], "StageName": LABELS[given["stage"]],
        "RecordTypeId": player.types[given["pipeline"]],
        "OwnerId": _user(player, owner),
        **{FACTS[name]: value for name, value in facts.items()},
    }  # fmt: skip
    if "account" in given:
        values["AccountId"] = player.account(given["account"])
    player.deals[event.deal] = create_as(player.org, player.actor(event), "Opportunity", values)
    player.owners[event.deal] = owner


def _user(player: Player, login: str) -> str:
    found = player.others.get(("user", login))
    if found is None:
        users = player.org.tables["User"].rows.values()
        player.others.update({("user", str(u["Username"])): str(u["Id"]) for u in users})
        found = player.others["user", login]
    return found


def _cloned(player: Player, event: Event) -> None:
    login = login_of(event.values["owner"])
    player.deals[event.deal] = clone(player.org, login, player.deals[event.values["from"]])
    player.owners[event.deal] = login
    player.edit(event, Name=event.values["name"], OwnerId=_user(player, login))


def _moved(player: Player, event: Event) -> None:
    to = {"StageName": LABELS[event.values["stage"]]}
    if "pipeline" in event.values:
        to["RecordTypeId"] = player.types[event.values["pipeline"]]
    player.edit(event, **to)


def _closed(player: Player, event: Event) -> None:
    values = {FACTS[name]: value for name, value in event.values.get("facts", {}).items()}
    player.edit(event, StageName=LABELS[event.what], CloseDate=event.values["close"], **values)


def _owner(player: Player, event: Event) -> None:
    login = login_of(event.values["owner"])
    player.edit(event, OwnerId=_user(player, login))
    player.owners[event.deal] = login


def _left(player: Player, event: Event) -> None:
    edit_as(player.org, ADMIN, "User", _user(player, login_of(event.values["owner"])), {"IsActive": False})


def _logged(subtype: str, subject: str) -> Callable[[Player, Event], None]:
    def log(player: Player, event: Event) -> None:
        values = {"TaskSubtype": subtype, "Subject": subject, "Status": "Completed", **player.place(event)}
        create_as(player.org, player.actor(event), "Task", values)

    return log


def _task(player: Player, event: Event) -> None:
    of = login_of(event.values["of"]) if "of" in event.values else player.owners[event.deal]
    values = {"Subject": "To do", "ActivityDate": event.values.get("due"), "OwnerId": _user(player, of)}
    values |= player.place(event)
    made = create_as(player.org, player.actor(event), "Task", values)
    player.others[event.deal, f"task {event.values['key']}"] = made


def _task_done(player: Player, event: Event) -> None:
    task = player.others[event.deal, f"task {event.values['key']}"]
    edit_as(player.org, player.actor(event), "Task", task, {"Status": "Completed"})


def _meeting(player: Player, event: Event) -> None:
    starts = datetime.fromisoformat(event.values["starts"])
    values = {
        "Subject": "Meeting", "StartDateTime": wire(starts), "EndDateTime": wire(starts + timedelta(hours=1)),
        **player.place(event),
    }  # fmt: skip
    made = create_as(player.org, player.actor(event), "Event", values)
    player.others[event.deal, f"meeting {event.values['key']}"] = made


def _cancelled(player: Player, event: Event) -> None:
    meeting = player.others[event.deal, f"meeting {event.values['key']}"]
    edit_as(player.org, player.actor(event), "Event", meeting, {"Subject": "Canceled: Meeting"})


def _contact(player: Player, event: Event) -> None:
    values = {
        "OpportunityId": player.deals[event.deal], "ContactId": player.contact(event), "Role": event.values.get("role"),
    }  # fmt: skip
    made = create_as(player.org, player.actor(event), "OpportunityContactRole", values)
    player.others[event.deal, f"role {event.values['contact']}"] = made


def _contact_removed(player: Player, event: Event) -> None:
    role = player.others[event.deal, f"role {event.values['contact']}"]
    delete_as(player.org, player.actor(event), "OpportunityContactRole", role)


DO: Final[dict[str, Callable[[Player, Event], None]]] = {
    "created": _created,
    "imported": _created,
    "cloned": _cloned,
    "moved": _moved,
    "won": _closed,
    "lost": _closed,
    "reopened": _moved,
    "amount": lambda player, event: player.edit(event, Amount=event.values["amount"]),
    "currency": lambda player, event: player.edit(event, CurrencyIsoCode=event.values["currency"]),
    "close date": lambda player, event: player.edit(event, CloseDate=event.values["on"]),
    "next step": lambda player, event: player.edit(event, NextStep=event.values["text"]),
    "owner": _owner,
    "facts": lambda player, event: player.edit(event, **{FACTS[n]: v for n, v in event.values["facts"].items()}),
    "renamed": lambda player, event: player.edit(event, Name=event.values["name"]),
    "call": _logged("Call", "Call"),
    "mail": _logged("Email", "Email: follow-up"),
    "bulk mail": _logged("ListEmail", "Newsletter"),
    "note": _logged("Task", "Note"),
    "meeting": _meeting,
    "meeting cancelled": _cancelled,
    "task": _task,
    "task done": _task_done,
    "contact": _contact,
    "contact removed": _contact_removed,
    "binned": lambda player, event: _done(delete_as(player.org, ADMIN, "Opportunity", player.deals[event.deal])),
    "restored": lambda player, event: undelete(player.org, "Opportunity", player.deals[event.deal]),
    "left": _left,
}


def _done(_id: str) -> None:
    """The id of what was deleted is of no use."""
