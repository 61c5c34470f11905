"""A neutral event file into a portal: each event is what somebody does there at that moment, by all its rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from sandbox.hubspot import associated, writes
from sandbox.hubspot.clock import iso, millis
from sandbox.hubspot.events import IMPORT, WORKFLOW, actor, clone, deactivate_owner, delete_as, link, restore
from sandbox.hubspot.records import Source
from sandbox.hubspot.setup import ADMIN, add_owner, add_pipeline
from sandbox.hubspot.standard import read
from sandbox.hubspot.writes import Actor
from sandbox.neutral.world import FIELDS, INTEGRATION, MANAGER, OWNERS, PIPELINES, ROLES, STAFF, ZONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sandbox.hubspot.portal import Portal
    from sandbox.neutral.events import Event
    from sandbox.neutral.world import OwnField

_PREFIX: Final = {"New business": "nb", "Renewal": "rn"}
_TYPES: Final = {"yes/no": "bool booleancheckbox", "text": "string text", "number": "number number"}
_VALUES: Final = {"amount": "amount", "currency": "deal_currency_code", "next_step": "hs_next_step"}
_TEAMS: Final = {team: str(700 + n) for n, team in enumerate(sorted({o.team for o in OWNERS if o.team}))}
_NOON: Final = time(12)
FACTS: Final[dict[str, Any]] = {
    own.key: {"field": own.key, "when_blank": False} if own.kind == "yes/no" else own.key for own in FIELDS
}
"""Fact → property, as a connection's map wants it: a yes/no that was never set means no."""


def prepare(portal: Portal) -> Player:
    """A fresh portal as this company set it up; its player takes events in order of time."""
    for pipeline in PIPELINES:
        key = _PREFIX[pipeline.name]
        add_pipeline(portal, key, pipeline.name, [
            (f"{key}_{stage.key}", stage.label, stage.chance / 100) for stage in pipeline.stages
        ])  # fmt: skip
    for own in FIELDS:
        portal.properties["deals"][own.key] = read(_line(own), "dealinformation", portal.clock.ms(), own=True)
    for role in ROLES:
        portal.links.add_label("deals", "contacts", role)
    for owner in (*OWNERS, *STAFF):
        teams = [(_TEAMS[owner.team], owner.team)] if owner.team else []
        add_owner(portal, owner.login, owner.first, owner.last, teams=teams)
    return Player(portal)


def _line(own: OwnField) -> str:
    if own.kind == "choice":
        return f"{own.key} enumeration select {' '.join(f'{choice}={choice}' for choice in own.choices)}"
    return f"{own.key} {_TYPES[own.kind]}"


@dataclass
class Player:
    """Plays events in a portal whose clock it moves."""

    portal: Portal
    deals: dict[str, str] = field(default_factory=dict)
    """Deal key → id."""
    owners: dict[str, str] = field(default_factory=dict)
    """Deal key → login of whoever owns it."""
    pipelines: dict[str, str] = field(default_factory=dict)
    """Deal key → the pipeline that it is in, by name."""
    accounts: dict[str, str] = field(default_factory=dict)
    """Deal key → id of its company."""
    others: dict[tuple[str, str], str] = field(default_factory=dict)
    """(deal or kind, key) → id of companies, contacts, tasks and meetings."""

    def play(self, events: Iterable[Event]) -> None:
        """What happens, in this order; the clock stands at the last event's instant."""
        for event in events:
            self.portal.clock.set(event.at)
            _DO[event.what](self, event)

    def stop(self, at: datetime) -> None:
        """Nothing happens until this instant."""
        self.portal.clock.set(at)

    def actor(self, event: Event) -> Actor:
        """Who does it, as histories keep them."""
        match event.actor:
            case "ours":
                app = self.portal.tokens.sync
                return Actor(app.app, Source("INTEGRATION", str(app.app_id), app.app))
            case "import":
                return actor(self.portal, IMPORT)
            case "automation":
                return actor(self.portal, WORKFLOW)
            case "manager" | "integration":
                return actor(self.portal, (MANAGER if event.actor == "manager" else INTEGRATION).login)
        return actor(self.portal, self.owners.get(event.deal) or _login(event.values["owner"]))

    def create(self, event: Event, kind: str, values: Mapping[str, Any]) -> str:
        """A record in the name of the event's actor; its id."""
        clean = writes.checked(self.portal, kind, dict(values), None)
        return str(writes.create(self.portal, kind, self.actor(event), clean).id)

    def edit(self, event: Event, values: Mapping[str, Any], kind: str = "deals", key: str | None = None) -> None:
        """Change a record, the event's deal unless said."""
        record = self.portal.shelves[kind].rows[int(key or self.deals[event.deal])]
        clean = writes.checked(self.portal, kind, dict(values), record)
        writes.apply(self.portal, kind, record, self.actor(event), clean)

    def account(self, key: str) -> str:
        """A company by its key, made when first named."""
        if ("account", key) not in self.others:
            clean = writes.checked(self.portal, "companies", {"name": key}, None)
            made = writes.create(self.portal, "companies", actor(self.portal, ADMIN), clean)
            self.others["account", key] = str(made.id)
        return self.others["account", key]

    def contact(self, event: Event) -> str:
        """The event's contact, made when first named, with the deal's company."""
        key = ("contact", event.values["contact"])
        if key not in self.others:
            clean = writes.checked(self.portal, "contacts", {"lastname": key[1]}, None)
            made = writes.create(self.portal, "contacts", actor(self.portal, ADMIN), clean)
            self.others[key] = str(made.id)
            if company := self.accounts.get(event.deal):
                link(self.portal, "contacts", made.id, "companies", company, labels=["Primary"])
        return self.others[key]

    def log(self, event: Event, kind: str, values: Mapping[str, Any]) -> str:
        """An engagement on the deal, on a contact alone, or on the deal's company alone; its id."""
        owner = {"hubspot_owner_id": self.owner_id(self.owners[event.deal])} if event.actor == "rep" else {}
        made = self.create(event, kind, {**owner, **values})
        match event.values.get("on", "deal"):
            case "contact":
                link(self.portal, kind, made, "contacts", self.contact(event))
            case "account":
                link(self.portal, kind, made, "companies", self.accounts[event.deal])
            case _:
                link(self.portal, kind, made, "deals", self.deals[event.deal])
                if "contact" in event.values:
                    link(self.portal, kind, made, "contacts", self.contact(event))
        return made

    def owner_id(self, login: str) -> str:
        """The id of an owner, which is not that of the user."""
        if ("owner", login) not in self.others:
            self.others["owner", login] = self.portal.owner(login).id
        return self.others["owner", login]

    def stage(self, event: Event, key: str) -> str:
        """A stage's id in the deal's pipeline."""
        return f"{_PREFIX[self.pipelines[event.deal]]}_{key}"


def _login(key: str) -> str:
    return next(owner.login for owner in (*OWNERS, MANAGER) if owner.key == key)


def closing(day: str, hour: str | None = None) -> str:
    """A close date as HubSpot keeps it: an instant, here of an hour in the portal's zone, noon unless said."""
    at = datetime.combine(date.fromisoformat(day), time.fromisoformat(hour) if hour else _NOON, ZoneInfo(ZONE))
    return iso(millis(at))


def _created(player: Player, event: Event) -> None:
    given, login = event.values, _login(event.values["owner"])
    player.pipelines[event.deal] = given["pipeline"]
    values = {_VALUES[name]: given[name] for name in _VALUES if name in given} | dict(given.get("facts", {})) | {
        "dealname": given["name"], "pipeline": _PREFIX[given["pipeline"]],
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
    source, login = event.values["from"], _login(event.values["owner"])
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
    player.edit(event, {**to, **({"pipeline": _PREFIX[pipeline]} if pipeline else {})})


def _closed(player: Player, event: Event) -> None:
    closed = {"dealstage": player.stage(event, event.what), "closedate": closing(event.values["close"])}
    player.edit(event, {**closed, **event.values.get("facts", {})})


def _close_date(player: Player, event: Event) -> None:
    player.edit(event, {"closedate": closing(event.values["on"], event.values.get("time"))})


def _owner(player: Player, event: Event) -> None:
    login = _login(event.values["owner"])
    player.edit(event, {"hubspot_owner_id": player.owner_id(login)})
    player.owners[event.deal] = login


def _now(player: Player) -> dict[str, str]:
    return {"hs_timestamp": iso(player.portal.clock.ms())}


def _called(player: Player, event: Event) -> None:
    told = {"hs_call_title": "Call", "hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED"}
    player.log(event, "calls", {**_now(player), **told})


def _wrote(player: Player, event: Event) -> None:
    bulk = {"hs_sequence_id": "4711"} if event.what == "bulk mail" else {}
    told = {"hs_email_subject": "Follow-up", "hs_email_direction": "EMAIL", "hs_email_status": "SENT"}
    player.log(event, "emails", {**_now(player), **told, **bulk})


def _noted(player: Player, event: Event) -> None:
    player.log(event, "notes", {**_now(player), "hs_note_body": "Note"})


def _task(player: Player, event: Event) -> None:
    due = {"hs_timestamp": closing(event.values["due"])} if "due" in event.values else {}
    of = _login(event.values["of"]) if "of" in event.values else player.owners[event.deal]
    told = {"hs_task_subject": "To do", "hs_task_status": "NOT_STARTED", "hubspot_owner_id": player.owner_id(of)}
    player.others[event.deal, f"task {event.values['key']}"] = player.log(event, "tasks", {**told, **due})


def _task_done(player: Player, event: Event) -> None:
    task = player.others[event.deal, f"task {event.values['key']}"]
    player.edit(event, {"hs_task_status": "COMPLETED"}, "tasks", task)


def _meeting(player: Player, event: Event) -> None:
    starts = datetime.fromisoformat(event.values["starts"])
    start, end = iso(millis(starts)), iso(millis(starts + timedelta(hours=1)))
    told = {
        "hs_timestamp": start, "hs_meeting_title": "Meeting", "hs_meeting_start_time": start,
        "hs_meeting_end_time": end, "hs_meeting_outcome": "SCHEDULED",
    }  # fmt: skip
    player.others[event.deal, f"meeting {event.values['key']}"] = player.log(event, "meetings", told)


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
    deactivate_owner(player.portal, _login(event.values["owner"]))


def _binned(player: Player, event: Event) -> None:
    delete_as(player.portal, ADMIN, "deals", player.deals[event.deal])


_DO: Final[dict[str, Callable[[Player, Event], None]]] = {
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
