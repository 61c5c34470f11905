"""A neutral event file into a portal: each event is what somebody does there at that moment, by all its rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sandbox.hubspot.events import IMPORT, WORKFLOW, actor, link
from sandbox.hubspot.records import checks, writes
from sandbox.hubspot.records.table import Source
from sandbox.hubspot.records.writes import Actor
from sandbox.hubspot.schema import parse_property
from sandbox.hubspot.setup import ADMIN, add_owner, add_pipeline
from tests.neutral.hubspot_steps import DO, PREFIX
from tests.neutral.world import FIELDS, INTEGRATION, MANAGER, OWNERS, PIPELINES, ROLES, STAFF, login_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sandbox.hubspot.portal import Portal
    from tests.neutral.events import Event
    from tests.neutral.world import OwnField

_TYPES: Final = {"yes/no": "bool booleancheckbox", "text": "string text", "number": "number number"}
_TEAMS: Final = {team: str(700 + n) for n, team in enumerate(sorted({o.team for o in OWNERS if o.team}))}
FACTS: Final[dict[str, Any]] = {
    own.key: {"field": own.key, "when_blank": False} if own.kind == "yes/no" else own.key for own in FIELDS
}
"""Fact → property, as a connection's map wants it: a yes/no that was never set means no."""


def prepare(portal: Portal) -> Player:
    """A fresh portal as this company set it up; its player takes events in order of time."""
    for pipeline in PIPELINES:
        key = PREFIX[pipeline.name]
        add_pipeline(portal, key, pipeline.name, [
            (f"{key}_{stage.key}", stage.label, stage.chance / 100) for stage in pipeline.stages
        ])  # fmt: skip
    for own in FIELDS:
        made = parse_property(_line(own), "dealinformation", portal.clock.ms(), own=True, label=own.label)
        portal.properties["deals"][own.key] = made
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
    """Plays events in a portal and moves its clock."""

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
            DO[event.what](self, event)

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
        return actor(self.portal, self.owners.get(event.deal) or login_of(event.values["owner"]))

    def create(self, event: Event, kind: str, values: Mapping[str, Any]) -> str:
        """A record in the name of the event's actor; its id."""
        clean = checks.checked(self.portal, kind, dict(values), None)
        return str(writes.create(self.portal, kind, self.actor(event), clean).id)

    def edit(self, event: Event, values: Mapping[str, Any], kind: str = "deals", key: str | None = None) -> None:
        """Change a record, the event's deal by default."""
        record = self.portal.shelves[kind].rows[int(key or self.deals[event.deal])]
        clean = checks.checked(self.portal, kind, dict(values), record)
        writes.apply(self.portal, kind, record, self.actor(event), clean)

    def account(self, key: str) -> str:
        """A company by its key, made when first named."""
        if ("account", key) not in self.others:
            clean = checks.checked(self.portal, "companies", {"name": key}, None)
            made = writes.create(self.portal, "companies", actor(self.portal, ADMIN), clean)
            self.others["account", key] = str(made.id)
        return self.others["account", key]

    def contact(self, event: Event) -> str:
        """The event's contact, made when first named, with the deal's company."""
        key = ("contact", event.values["contact"])
        if key not in self.others:
            clean = checks.checked(self.portal, "contacts", {"lastname": key[1]}, None)
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
        return f"{PREFIX[self.pipelines[event.deal]]}_{key}"
