"""A neutral event file into an org: each event is what somebody does in the org at that moment, by all its rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sandbox.neutral.world import FIELDS, IMPORTER, INTEGRATION, MANAGER, OWNERS, PIPELINES, STAFF
from sandbox.salesforce.clock import wire
from sandbox.salesforce.events import clone, create_as, delete_as, edit_as, undelete
from sandbox.salesforce.setup import ADMIN, SYNC, add_custom_field, add_record_type, add_user, set_stages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sandbox.neutral.events import Event
    from sandbox.neutral.world import OwnField
    from sandbox.salesforce.org import Org

_TYPES: Final = {"yes/no": "boolean", "text": "string(255)", "number": "double(5,2)"}
_CATEGORY: Final = {"open": "Pipeline", "won": "Closed", "lost": "Omitted"}
_MONEY: Final = {"amount": "Amount", "currency": "CurrencyIsoCode", "close": "CloseDate", "next_step": "NextStep"}
_STAFF: Final = {"manager": MANAGER.login, "integration": INTEGRATION.login, "import": IMPORTER.login, "ours": SYNC}


def api_name(key: str) -> str:
    """The field of the org that holds one of the customer's own: terms_agreed → Terms_Agreed__c."""
    return f"{'_'.join(word.capitalize() for word in key.split('_'))}__c"


LABELS: Final = {stage.key: stage.label for pipeline in PIPELINES for stage in pipeline.stages}
FACTS: Final = {own.key: api_name(own.key) for own in FIELDS}
"""Fact → field, as a connection's map wants it."""


def prepare(org: Org) -> Player:
    """A fresh org as this company set it up; its player takes events in order of time."""
    table = org.tables["OpportunityStage"]
    for stage in list(table.rows):
        table.swap(stage, None)
    listed = {stage.label: stage for pipeline in PIPELINES for stage in pipeline.stages}
    set_stages(org, [
        (s.label, s.ends != "open", s.ends == "won", s.chance, _CATEGORY[s.ends]) for s in listed.values()
    ])  # fmt: skip
    org.add("CurrencyType", IsoCode="GBP", ConversionRate=0.8, DecimalPlaces=2, IsActive=True, IsCorporate=False)
    for own in FIELDS:
        add_custom_field(org, "Opportunity", f"{api_name(own.key)} {_type(own)}")
    org.objects["Opportunity"].tracked |= {api_name(own.key) for own in FIELDS}
    types = {pipeline.name: add_record_type(org, "Opportunity", pipeline.name) for pipeline in PIPELINES}
    for owner in (*OWNERS, *STAFF):
        add_user(
            org, owner.login, owner.first, owner.last, "Standard User",
            Department=owner.team, TimeZoneSidKey=owner.zone,
        )  # fmt: skip
    return Player(org, types)


def _type(own: OwnField) -> str:
    return f"picklist({'|'.join(own.choices)})" if own.kind == "choice" else _TYPES[own.kind]


@dataclass
class Player:
    """Plays events in an org whose clock it moves."""

    org: Org
    types: dict[str, str]
    deals: dict[str, str] = field(default_factory=dict)
    """Deal key → id."""
    owners: dict[str, str] = field(default_factory=dict)
    """Deal key → login of whoever owns it."""
    others: dict[tuple[str, str], str] = field(default_factory=dict)
    """(deal or kind, key) → id of accounts, contacts, roles, tasks and meetings."""

    def play(self, events: Iterable[Event]) -> None:
        """What happens, in this order; the clock stands at the last event's instant."""
        for event in events:
            self.org.clock.set(event.at)
            _DO[event.what](self, event)

    def stop(self, at: datetime) -> None:
        """Nothing happens until this instant."""
        self.org.clock.set(at)

    def actor(self, event: Event) -> str:
        """Login of who does it; automation acts in the owner's name."""
        owner = self.owners.get(event.deal) or _login(event.values.get("owner", "mona"))
        return _STAFF.get(event.actor, owner)

    def edit(self, event: Event, **values: Any) -> None:
        """Change the event's deal."""
        edit_as(self.org, self.actor(event), "Opportunity", self.deals[event.deal], values)

    def account(self, key: str) -> str:
        """An account by its key, made when first named."""
        if ("account", key) not in self.others:
            self.others["account", key] = create_as(self.org, ADMIN, "Account", {"Name": key})
        return self.others["account", key]

    def contact(self, event: Event) -> str:
        """The event's contact, made when first named, on the account of the deal."""
        key = ("contact", event.values["contact"])
        if key not in self.others:
            deal = self.org.tables["Opportunity"].rows[self.deals[event.deal]]
            values = {"LastName": key[1], "AccountId": deal["AccountId"]}
            self.others[key] = create_as(self.org, ADMIN, "Contact", values)
        return self.others[key]

    def place(self, event: Event) -> dict[str, Any]:
        """What an activity is about: the deal, a contact alone, or the deal's account alone."""
        deal = self.deals[event.deal]
        match event.values.get("on", "deal"):
            case "contact":
                return {"WhoId": self.contact(event)}
            case "account":
                return {"WhatId": self.org.tables["Opportunity"].rows[deal]["AccountId"]}
        return {"WhatId": deal, **({"WhoId": self.contact(event)} if "contact" in event.values else {})}


def _login(key: str) -> str:
    return next(owner.login for owner in OWNERS if owner.key == key) if key != MANAGER.key else MANAGER.login


def _created(player: Player, event: Event) -> None:
    given = dict(event.values)
    facts, owner = given.get("facts", {}), _login(given["owner"])
    values = {_MONEY[name]: given[name] for name in _MONEY if name in given} | {
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
    login = _login(event.values["owner"])
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
    login = _login(event.values["owner"])
    player.edit(event, OwnerId=_user(player, login))
    player.owners[event.deal] = login


def _left(player: Player, event: Event) -> None:
    edit_as(player.org, ADMIN, "User", _user(player, _login(event.values["owner"])), {"IsActive": False})


def _logged(subtype: str, subject: str) -> Callable[[Player, Event], None]:
    def log(player: Player, event: Event) -> None:
        values = {"TaskSubtype": subtype, "Subject": subject, "Status": "Completed", **player.place(event)}
        create_as(player.org, player.actor(event), "Task", values)

    return log


def _task(player: Player, event: Event) -> None:
    of = _login(event.values["of"]) if "of" in event.values else player.owners[event.deal]
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


_DO: Final[dict[str, Callable[[Player, Event], None]]] = {
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
