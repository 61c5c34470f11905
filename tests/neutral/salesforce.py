"""A neutral event file into an org: each event is what somebody does in the org at that moment, by all its rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sandbox.salesforce.events import create_as, edit_as
from sandbox.salesforce.setup import ADMIN, SYNC, add_custom_field, add_record_type, add_user, set_stages
from tests.neutral.salesforce_steps import DO, FACTS, api_name
from tests.neutral.world import FIELDS, IMPORTER, INTEGRATION, MANAGER, OWNERS, PIPELINES, STAFF, login_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sandbox.salesforce.org import Org
    from tests.neutral.events import Event
    from tests.neutral.world import OwnField

_TYPES: Final = {"yes/no": "boolean", "text": "string(255)", "number": "double(5,2)"}
_CATEGORY: Final = {"open": "Pipeline", "won": "Closed", "lost": "Omitted"}
_STAFF: Final = {"manager": MANAGER.login, "integration": INTEGRATION.login, "import": IMPORTER.login, "ours": SYNC}


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
        add_custom_field(org, "Opportunity", f"{api_name(own.key)} {_type(own)} label={own.label.replace(' ', '_')}")
    org.objects["Opportunity"].tracked |= {"RecordTypeId", *(api_name(own.key) for own in FIELDS)}
    types = {pipeline.name: add_record_type(org, "Opportunity", pipeline.name) for pipeline in PIPELINES}
    for owner in (*OWNERS, *STAFF):
        add_user(
            org, owner.login, owner.first, owner.last, "Standard User",
            Department=owner.team, TimeZoneSidKey=owner.zone,
        )  # fmt: skip
    _let_edit_tasks(org, SYNC)
    return Player(org, types)


def _let_edit_tasks(org: Org, login: str) -> None:
    """Our user logs activities in these stories, for which it needs a right of its own."""
    made = org.add("PermissionSet", Name="Edits_Tasks", Label="Edits tasks", Type="Regular", PermissionsEditTask=True)
    user = next(row["Id"] for row in org.tables["User"].rows.values() if row["Username"] == login)
    org.add("PermissionSetAssignment", AssigneeId=user, PermissionSetId=made["Id"], IsActive=True)


def _type(own: OwnField) -> str:
    return f"picklist({'|'.join(own.choices)})" if own.kind == "choice" else _TYPES[own.kind]


__all__ = ["FACTS", "Player", "prepare"]


@dataclass
class Player:
    """Plays events in an org and moves its clock."""

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
            DO[event.what](self, event)

    def stop(self, at: datetime) -> None:
        """Nothing happens until this instant."""
        self.org.clock.set(at)

    def actor(self, event: Event) -> str:
        """Login of who does it; automation acts in the owner's name."""
        owner = self.owners.get(event.deal) or login_of(event.values.get("owner", "mona"))
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
