"""A Salesforce org as a CRM driver."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from connectors.salesforce.settings import DEFAULT_READS, DEFAULT_WRITES
from sandbox.salesforce import SYNC, Settings, add_user, seed
from sandbox.salesforce.events import clone, create_as, delete_as, edit_as, erase, hide_field, show_field, undelete
from sandbox.salesforce.leads import convert_lead, merge_leads
from sandbox.salesforce.org import Rule
from sandbox.salesforce.schema import parse_field
from sandbox.salesforce.setup import ADMIN, profile_set
from tests.connectors.salesforce.sales import REP, Sales, open_for_business
from tests.crm_drivers.driver import Job, Write
from tests.seeds.leads.salesforce import seed_leads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.protocol import Connector

NAMES = {"name": "Name", "amount": "Amount", "close_date": "CloseDate", "next_step": "NextStep", "stage": "StageName"}
MORE = {"description": "Description", "owner": "OwnerId"}
OURS = {**DEFAULT_WRITES, **DEFAULT_READS}
STAMPS = {"LastModifiedDate", "LastModifiedById", "SystemModstamp"}
STOPPED: dict[str, dict[str, Any]] = {
    "refused": {"code": "INSUFFICIENT_ACCESS", "status": 403, "path": r"FROM\+(Task|Event)"},
    "hidden": {"code": "NOT_FOUND", "status": 404, "path": "sobjects/(Task|Event)/describe"},
}
PATHS = {
    "": "", "api": "/services/data", "deals": r"FROM\+Opportunity[ +]", "activities": r"FROM\+Task",
    "push": "composite/sobjects", "tasks": "composite/sobjects/Task",
}  # fmt: skip
METHODS = {"push": {"method": "PATCH"}, "tasks": {"method": "PATCH"}}
KINDS = {"yes/no": "boolean", "number": "double(16,2)", "date": "date", "text": "string(255)"}
ENTITIES = {"deal": "Opportunity", "lead": "Lead"}
LEAD = {"status": "Status", "source": "LeadSource", "company": "Company"}
FAULTS = {"too_many": "concurrent_limit", "token_ended": "session_expired"}


class SalesforceDriver:
    """tests.crm_drivers.driver.CrmDriver over a local org."""

    kind = "salesforce"
    first_stage, second_stage, won, lost = "Prospecting", "Qualification", "Closed Won", "Closed Lost"

    def __init__(self, sales: Sales) -> None:
        self.sales, self.org, self.waited = sales, sales.org, sales.waited
        self.clock, self.faults = sales.org.clock, sales.org.faults

    pushes = "composite/sobjects"

    @property
    def calls(self) -> list[dict[str, Any]]:
        return self.org.calls

    def asked_by_id(self, call: dict[str, Any]) -> str:
        return str(call["query"]) if " WHERE Id IN " in str(call["query"]) else ""

    def connector(self, **changes: Any) -> Connector:
        return self.sales.connector(**changes)

    def deal(self, name: str = "Acme", **changes: Any) -> str:
        return self.sales.deal(name, **_fields(changes))

    def edit(self, deal: str, user: str = "", **changes: Any) -> None:
        edit_as(self.org, user or REP, "Opportunity", deal, _fields(changes))

    def clone(self, deal: str) -> str:
        return clone(self.org, REP, deal)

    def call(self, deal: str) -> None:
        self.sales.create("Task", WhatId=deal, Subject="Call", TaskSubtype="Call", Status="Completed")

    def contact(self, deal: str, role: str) -> None:
        contact = self.sales.create("Contact", LastName="Buyer")
        self.sales.create("OpportunityContactRole", OpportunityId=deal, ContactId=contact, Role=role)

    def delete(self, deal: str) -> None:
        delete_as(self.org, ADMIN, "Opportunity", deal)

    def owner_works(self, deal: str) -> bool:
        return bool(self.org.tables["User"].rows[self.sales.row(deal)["OwnerId"]]["IsActive"])

    def renewable(self) -> dict[str, Any]:
        return {}

    def expire(self) -> None:
        self.org.logins.expire()

    def record(self, deal: str) -> dict[str, Any]:
        row = self.sales.row(deal)
        return {own: row[field] for own, field in OURS.items()}

    def entered(self, deal: str) -> dict[str, Any]:
        row = self.sales.row(deal)
        return {own: row[field] for own, field in NAMES.items()}

    def theirs(self) -> dict[str, dict[str, Any]]:
        rows = {deal: row for deal, row in self.org.tables["Opportunity"].rows.items() if not row.get("IsDeleted")}
        skipped = STAMPS | set(OURS.values())
        return {deal: {name: value for name, value in row.items() if name not in skipped} for deal, row in rows.items()}

    def writes(self) -> list[Write]:
        values = {field: own for own, field in OURS.items()}
        sent = [write for write in self.org.writes if write.user == SYNC]
        return [
            Write(str(write.id), {values.get(name, name): value for name, value in write.values.items()}, write.outcome)
            for write in sent
        ]

    def seed(self, deals: int, number: int) -> dict[str, dict[str, bool]]:
        return seed(self.org, deals, number, self.clock.now())

    def seed_leads(self, leads: int) -> dict[str, dict[str, bool]]:
        return seed_leads(self.org, leads)

    def let_reps_edit_ours(self) -> None:
        for name in DEFAULT_WRITES.values():
            self.org.grant(profile_set(self.org, "Standard User"), "Opportunity", name, edit=True)

    def let_reps_pause(self) -> None:
        for name in DEFAULT_READS.values():
            self.org.grant(profile_set(self.org, "Standard User"), "Opportunity", name, edit=True)

    def hide(self, column: str) -> None:
        hide_field(self.org, "Opportunity", NAMES[column], SYNC)

    def show(self, column: str) -> None:
        show_field(self.org, "Opportunity", NAMES[column])

    def stop_activities(self, how: str) -> None:
        self.faults.add(**STOPPED[how], count=None)

    def fault(self, name: str, what: str = "", **more: Any) -> Any:
        return self.faults.add(FAULTS.get(name, name), **METHODS.get(what, {}), path=PATHS[what], **more)

    def admin(self) -> dict[str, Any]:
        login = self.sales.server.login(ADMIN)
        return {"consumer_key": login.client_id, "consumer_secret": login.client_secret}

    def erase(self, deal: str) -> None:
        erase(self.org, "Opportunity", deal)

    def restore(self, deal: str) -> None:
        undelete(self.org, "Opportunity", deal)

    def allow(self, calls: int, used: int = 0) -> None:
        self.org.settings.daily_limit, self.org.used = calls, used

    def let_us_act(self) -> None:
        self.connector(admin=self.admin()).provision()
        sets = self.org.tables["PermissionSet"].rows.values()
        own = next(one["Id"] for one in sets if one["Name"] == "Sluicegate_Actions")
        self.org.add("PermissionSetAssignment", AssigneeId=self.person("Service"), PermissionSetId=own, IsActive=True)

    def tasks(self, deal: str) -> list[Job]:
        rows = self.org.tables["Task"].where("WhatId", deal)
        us = self.person("Service")
        return [
            Job(
                row["Id"], row["Subject"], row["Description"], row["OwnerId"], row["ActivityDate"], row["IsClosed"],
                row["IsDeleted"], row["CreatedById"] == us,
            )
            for row in sorted(rows, key=lambda one: one["Id"])
        ]  # fmt: skip

    def complete(self, task: str) -> None:
        edit_as(self.org, REP, "Task", task, {"Status": "Completed"})

    def give(self, task: str, owner: str) -> None:
        edit_as(self.org, REP, "Task", task, {"OwnerId": owner})

    def drop(self, task: str) -> None:
        delete_as(self.org, REP, "Task", task)

    def refuse_tasks(self) -> None:
        self.org.rules["Task.Priority"] = Rule("Task", lambda _old, _new, _actor: "Set a priority first")

    def take_tasks(self) -> None:
        del self.org.rules["Task.Priority"]

    def rep(self, name: str, team: str) -> str:
        values = {"Department": team}
        user = add_user(self.org, f"{name}@acme.example".lower(), name, "Lee", "Standard User", **values)
        return str(user["Id"])

    def person(self, name: str) -> str:
        return next(row["Id"] for row in self.org.tables["User"].rows.values() if name in row["Name"])

    def flag(self, deal: str, field: str, value: Any) -> None:
        self.org.tables["Opportunity"].put({**self.sales.row(deal), field: value})

    def custom(self, field: str, label: str, kind: str = "yes/no", *, on: str = "deal") -> str:
        name, entity = f"{field}__c", ENTITIES[on]
        made = parse_field(f"{name} {KINDS[kind]} label={label.replace(' ', '_')}")
        self.org.add_field(entity, made)
        self.org.grant(profile_set(self.org, "Integration User"), entity, name)
        return name

    new_lead, given_up = "Open - Not Contacted", "Closed - Not Converted"

    def lead(self, name: str = "Ada", **changes: Any) -> str:
        return self.sales.create("Lead", LastName=name, Company="Acme", **_lead(changes))

    def edit_lead(self, lead: str, **changes: Any) -> None:
        edit_as(self.org, REP, "Lead", lead, _lead(changes))

    def flag_lead(self, lead: str, field: str, value: Any) -> None:
        table = self.org.tables["Lead"]
        table.put({**table.rows[lead], field: value})

    def call_lead(self, lead: str, user: str = "") -> None:
        called = {"WhoId": lead, "Subject": "Call", "TaskSubtype": "Call", "Status": "Completed"}
        create_as(self.org, user or REP, "Task", called)

    def convert_lead(self, lead: str) -> None:
        convert_lead(self.org, REP, lead)

    def merge_leads(self, winner: str, loser: str) -> None:
        merge_leads(self.org, winner, [loser])

    def delete_lead(self, lead: str) -> None:
        delete_as(self.org, ADMIN, "Lead", lead)

    def record_of_lead(self, lead: str) -> dict[str, Any]:
        return dict(self.org.tables["Lead"].rows[lead])

    def hide_leads(self) -> None:
        self.faults.add(code="NOT_FOUND", status=404, path="sobjects/Lead/describe", count=None)


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    return {{**NAMES, **MORE, **OURS}.get(name, name): value for name, value in given.items()}


def _lead(given: dict[str, Any]) -> dict[str, Any]:
    return {LEAD.get(name, name): value for name, value in given.items()}


@contextmanager
def salesforce(*, provisioned: bool = True, currencies: bool = False) -> Iterator[SalesforceDriver]:
    """An org with one rep; `provisioned`: our fields exist; `currencies`: it has several."""
    with open_for_business(Settings(multi_currency=currencies), provisioned=provisioned) as sales:
        yield SalesforceDriver(sales)
