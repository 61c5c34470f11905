"""A HubSpot portal as a CRM driver."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import orjson

from connectors.hubspot.settings import DEFAULT_READS, DEFAULT_WRITES
from sandbox.hubspot import ADMIN, Settings, add_owner
from sandbox.hubspot.activity import log_call
from sandbox.hubspot.clock import iso, millis
from sandbox.hubspot.events import (
    add_stage,
    clone,
    create_as,
    delete_as,
    edit_as,
    erase,
    hide_property,
    link,
    merge_contacts,
    record_of,
    restore,
    show_property,
)
from sandbox.hubspot.portal import Rule
from sandbox.hubspot.schema import GROUPS
from sandbox.hubspot.schema import parse_property as property_of
from sandbox.hubspot.seeds import seed
from tests.connectors.hubspot.portal import REP, PortalDriver, open_for_business
from tests.crm_drivers.driver import Job, Write
from tests.seeds.leads.hubspot import seed_leads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.protocol import Connector

NAMES = {
    "name": "dealname", "amount": "amount", "close_date": "closedate", "next_step": "hs_next_step",
    "stage": "dealstage",
}  # fmt: skip
OURS = {**DEFAULT_WRITES, **DEFAULT_READS}
MORE = {"owner": "hubspot_owner_id"}
TOLD = {field: name for name, field in OURS.items()}
COUNTS = (OURS["score"], OURS["flag_count"])
PATHS = {
    "": "", "api": "/(crm|account-info)/", "deals": r"/objects/(deals|0-3)(\?|$|/search|/batch/read)",
    "activities": "/objects/(calls|emails|meetings|notes|tasks)", "push": "deals/batch/update",
    "tasks": "tasks/batch/create",
}  # fmt: skip
KINDS = {
    "yes/no": "bool booleancheckbox true=Yes false=No", "number": "number number", "date": "date date",
    "text": "string text",
}  # fmt: skip
OBJECTS = {"deal": "deals", "lead": "contacts"}
LEAD = {"status": "hs_lead_status", "source": "hs_analytics_source"}
FAULTS = {"daily_limit": "daily", "too_many": "ten_secondly", "token_ended": "token_expired"}


class HubspotDriver:
    """tests.crm_drivers.driver.CrmDriver over a local portal."""

    kind = "hubspot"
    first_stage, second_stage, won, lost = "prospecting", "appointmentscheduled", "closedwon", "closedlost"

    def __init__(self, hub: PortalDriver) -> None:
        self.hub, self.portal, self.waited = hub, hub.portal, hub.waited
        self.clock, self.faults = hub.portal.clock, hub.portal.faults

    pushes = "deals/batch/update"

    @property
    def calls(self) -> list[dict[str, Any]]:
        return self.portal.calls

    def asked_by_id(self, call: dict[str, Any]) -> str:
        body = orjson.loads(call.get("body") or "{}")
        alone = call["path"].endswith("/deals/batch/read") and not body.get("propertiesWithHistory")
        return str(body.get("inputs")) if alone else ""

    def connector(self, **changes: Any) -> Connector:
        return self.hub.connector(**changes)

    def deal(self, name: str = "Acme", **changes: Any) -> str:
        return self.hub.deal(name, **self._fields({"stage": self.first_stage, **changes}))

    def edit(self, deal: str, user: str = "", **changes: Any) -> None:
        edit_as(self.portal, user or REP, "deals", deal, self._fields(changes))

    def clone(self, deal: str) -> str:
        return clone(self.portal, REP, deal)

    def call(self, deal: str) -> None:
        log_call(self.portal, REP, deal)

    def contact(self, deal: str, role: str) -> None:
        contact = create_as(self.portal, REP, "contacts", {"lastname": "Buyer"})
        link(self.portal, "deals", deal, "contacts", contact)

    def delete(self, deal: str) -> None:
        delete_as(self.portal, ADMIN, "deals", deal)

    def erase(self, deal: str) -> None:
        erase(self.portal, "deals", deal)

    def restore(self, deal: str) -> None:
        restore(self.portal, "deals", deal)

    def owner_works(self, deal: str) -> bool:
        owner = self.portal.owners.get(self._props(deal).get("hubspot_owner_id", ""))
        return owner is None or not owner.archived

    def renewable(self) -> dict[str, Any]:
        oauth = self.hub.server.oauth
        secrets = {"client_id": oauth.client_id, "client_secret": oauth.client_secret}
        return {"auth": "oauth", "access_token": None, "refresh_token": oauth.refresh_token, **secrets}

    def expire(self) -> None:
        self.portal.tokens.end()

    def record(self, deal: str) -> dict[str, Any]:
        props = self._props(deal)
        return {own: _typed(field, props.get(field)) for own, field in OURS.items()}

    def entered(self, deal: str) -> dict[str, Any]:
        props = self._props(deal)
        found: dict[str, Any] = {own: props.get(field) or None for own, field in NAMES.items()}
        return found | {"amount": float(found["amount"]) if found["amount"] else None}

    def theirs(self) -> dict[str, dict[str, Any]]:
        """What people wrote: neither our fields nor what HubSpot works out."""
        known = self.portal.properties["deals"]
        theirs = {n for n, p in known.items() if not (p.read_only or p.calculated) and n not in TOLD}
        return {
            str(row.id): {name: value for name, value in row.props.items() if name in theirs}
            for row in self.portal.deals()
        }

    def writes(self) -> list[Write]:
        app = self.portal.tokens.sync.app
        own = {app, "Pipeline app"}
        sent = [write for write in self.portal.writes if write.by in own and write.kind == "deals"]
        return [
            Write(
                str(write.id),
                {TOLD.get(name, name): _typed(name, value) for name, value in write.values.items()},
                write.outcome,
            )
            for write in sent
        ]

    def seed(self, deals: int, number: int) -> dict[str, dict[str, bool]]:
        return seed(self.portal, deals, number, self.clock.now())

    def seed_leads(self, leads: int) -> dict[str, dict[str, bool]]:
        return seed_leads(self.portal, leads)

    def let_reps_edit_ours(self) -> None:
        """HubSpot lets everybody edit properties, unless an admin says otherwise."""

    def let_reps_pause(self) -> None:
        """They may: HubSpot lets everybody edit properties."""

    def hide(self, column: str) -> None:
        hide_property(self.portal, NAMES[column])

    def show(self, column: str) -> None:
        show_property(self.portal, NAMES[column])

    def stop_activities(self, how: str) -> None:
        """Refused: records can no longer be read. Hidden: nor what properties they have, as without their scope."""
        path = (
            PATHS["activities"] if how == "refused" else PATHS["activities"].replace("objects", "(objects|properties)")
        )
        self.faults.add("missing_scopes", path=path, count=None)

    def fault(self, name: str, what: str = "", **more: Any) -> Any:
        return self.faults.add(FAULTS.get(name, name), path=PATHS[what], **more)

    def admin(self) -> dict[str, Any]:
        return {"access_token": self.hub.server.admin_token}

    def allow(self, calls: int, used: int = 0) -> None:
        self.portal.settings.daily, self.portal.limits.used = calls, used

    def let_us_act(self) -> None:
        self.connector(admin=self.admin()).provision()

    def tasks(self, deal: str) -> list[Job]:
        rows = self.portal.shelves["tasks"].rows
        app = str(self.portal.tokens.sync.app_id)
        return [
            Job(
                str(number), props.get("hs_task_subject", ""), props.get("hs_task_body", ""),
                props.get("hubspot_owner_id", ""), props.get("hs_timestamp", ""),
                props.get("hs_task_status") == "COMPLETED", rows[number].archived_at is not None,
                props.get("hs_object_source_id") == app,
            )
            for number in sorted(self.portal.links.of("deals", int(deal), "tasks"))
            if (props := rows[number].props) is not None
        ]  # fmt: skip

    def complete(self, task: str) -> None:
        edit_as(self.portal, REP, "tasks", task, {"hs_task_status": "COMPLETED"})

    def give(self, task: str, owner: str) -> None:
        edit_as(self.portal, REP, "tasks", task, {"hubspot_owner_id": owner})

    def drop(self, task: str) -> None:
        delete_as(self.portal, REP, "tasks", task)

    def refuse_tasks(self) -> None:
        self.portal.rules["priority"] = Rule("tasks", lambda _values: True, ("hs_task_priority",))

    def take_tasks(self) -> None:
        del self.portal.rules["priority"]

    def rep(self, name: str, team: str) -> str:
        return add_owner(self.portal, f"{name}@acme.example".lower(), name, "Lee", teams=[(team, team)]).id

    def person(self, name: str) -> str:
        return next(key for key, one in self.portal.owners.items() if name in f"{one.first} {one.last}")

    def flag(self, deal: str, field: str, value: Any) -> None:
        self._put("deals", deal, field, value)

    def custom(self, field: str, label: str, kind: str = "yes/no", *, on: str = "deal") -> str:
        made = property_of(f"{field} {KINDS[kind]}", GROUPS[OBJECTS[on]][0], own=True, label=label)
        self.portal.properties[OBJECTS[on]][field] = made
        return field

    new_lead, given_up = "New", "Unqualified"

    def lead(self, name: str = "Ada", **changes: Any) -> str:
        given = {"lastname": name, "company": "Acme", "lifecyclestage": "lead", "hs_lead_status": "NEW"}
        owner = self.portal.owner(REP).id
        return create_as(self.portal, REP, "contacts", {"hubspot_owner_id": owner, **given, **_lead(changes)})

    def edit_lead(self, lead: str, **changes: Any) -> None:
        edit_as(self.portal, REP, "contacts", lead, _lead(changes))

    def flag_lead(self, lead: str, field: str, value: Any) -> None:
        self._put("contacts", lead, field, value)

    def call_lead(self, lead: str, user: str = "") -> None:
        log_call(self.portal, user or REP, [], contacts=[lead])

    def convert_lead(self, lead: str) -> None:
        self.edit_lead(lead, lifecyclestage="opportunity")

    def merge_leads(self, winner: str, loser: str) -> None:
        merge_contacts(self.portal, REP, winner, loser)

    def delete_lead(self, lead: str) -> None:
        delete_as(self.portal, ADMIN, "contacts", lead)

    def record_of_lead(self, lead: str) -> dict[str, Any]:
        return dict(record_of(self.portal, "contacts", lead).props)

    def hide_leads(self) -> None:
        self.faults.add("missing_scopes", path="/properties/contacts", count=None)

    def _put(self, kind: str, key: str, field: str, value: Any) -> None:
        record = record_of(self.portal, kind, key)
        record.props = {**record.props, field: str(value).lower() if isinstance(value, bool) else str(value)}
        self.portal.noticed(kind, record)

    def _props(self, deal: str) -> dict[str, str]:
        return record_of(self.portal, "deals", deal).props

    def _fields(self, given: dict[str, Any]) -> dict[str, Any]:
        return {{**NAMES, **MORE, **OURS}.get(name, name): self._text(name, value) for name, value in given.items()}

    def _text(self, name: str, value: Any) -> str:
        """A day is given as its morning in the portal's zone, as the screen does."""
        if name == "close_date" and value:
            zone = ZoneInfo(self.portal.settings.zone)
            return iso(millis(datetime.combine(date.fromisoformat(str(value)), time(9), zone)))
        return "" if value is None else str(value)


def _lead(given: dict[str, Any]) -> dict[str, Any]:
    """Statuses are given by their labels."""
    found = dict(given)
    if "status" in found:
        found["status"] = found["status"].upper().replace(" ", "_")
    return {LEAD.get(name, name): value for name, value in found.items()}


def _typed(field: str, value: str | None) -> Any:
    return int(value) if value and field in COUNTS else value or None


@contextmanager
def hubspot(*, provisioned: bool = True, currencies: bool = True) -> Iterator[HubspotDriver]:
    """A portal with one rep and a first stage that the starter pack does not know; `provisioned`: with our fields."""
    kept = Settings() if currencies else Settings(currencies=("USD",))
    with open_for_business(kept, provisioned=provisioned) as hub:
        add_stage(hub.portal, "default", HubspotDriver.first_stage, "Prospecting", 0.1, order=-1)
        yield HubspotDriver(hub)
