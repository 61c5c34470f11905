"""A Salesforce org as an office."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from connectors.salesforce.settings import DEFAULT_READS, DEFAULT_WRITES
from sandbox.salesforce import SYNC, Settings, seed
from sandbox.salesforce.events import clone, delete_as, edit_as, hide_field, show_field
from sandbox.salesforce.setup import ADMIN, profile_set
from tests.connectors.salesforce.sales import REP, Sales, open_for_business
from tests.offices.office import Write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.protocol import Connector

NAMES = {"name": "Name", "amount": "Amount", "close_date": "CloseDate", "next_step": "NextStep", "stage": "StageName"}
MORE = {"description": "Description"}
OURS = {**DEFAULT_WRITES, **DEFAULT_READS}
STAMPS = {"LastModifiedDate", "LastModifiedById", "SystemModstamp"}
STOPPED: dict[str, dict[str, Any]] = {
    "refused": {"code": "INSUFFICIENT_ACCESS", "status": 403, "path": r"FROM\+(Task|Event)"},
    "hidden": {"code": "NOT_FOUND", "status": 404, "path": "sobjects/(Task|Event)/describe"},
}
PATHS = {"deals": r"FROM\+Opportunity\+", "activities": r"FROM\+Task", "push": "composite/sobjects"}


class SalesforceOffice:
    """tests.offices.office.Office over a local org."""

    kind = "salesforce"
    first_stage, second_stage, won, lost = "Prospecting", "Qualification", "Closed Won", "Closed Lost"

    def __init__(self, sales: Sales) -> None:
        self.sales, self.org, self.waited = sales, sales.org, sales.waited
        self.clock, self.faults = sales.org.clock, sales.org.faults

    def connector(self, **changes: Any) -> Connector:
        return self.sales.connector(**changes)

    def deal(self, name: str = "Acme", **said: Any) -> str:
        return self.sales.deal(name, **_fields(said))

    def edit(self, deal: str, user: str = "", **said: Any) -> None:
        edit_as(self.org, user or REP, "Opportunity", deal, _fields(said))

    def clone(self, deal: str) -> str:
        return clone(self.org, REP, deal)

    def call(self, deal: str) -> None:
        self.sales.create("Task", WhatId=deal, Subject="Call", TaskSubtype="Call", Status="Completed")

    def delete(self, deal: str) -> None:
        delete_as(self.org, ADMIN, "Opportunity", deal)

    def owner_works(self, deal: str) -> bool:
        return bool(self.org.tables["User"].rows[self.sales.row(deal)["OwnerId"]]["IsActive"])

    def expire(self) -> None:
        self.org.logins.expire()

    def record(self, deal: str) -> dict[str, Any]:
        row = self.sales.row(deal)
        return {ours: row[field] for ours, field in OURS.items()}

    def said(self, deal: str) -> dict[str, Any]:
        row = self.sales.row(deal)
        return {ours: row[field] for ours, field in NAMES.items()}

    def theirs(self) -> dict[str, dict[str, Any]]:
        rows = {deal: row for deal, row in self.org.tables["Opportunity"].rows.items() if not row.get("IsDeleted")}
        skipped = STAMPS | set(OURS.values())
        return {deal: {name: value for name, value in row.items() if name not in skipped} for deal, row in rows.items()}

    def writes(self) -> list[Write]:
        told = {field: ours for ours, field in OURS.items()}
        sent = [write for write in self.org.writes if write.user == SYNC]
        return [
            Write(str(write.id), {told.get(name, name): value for name, value in write.values.items()}, write.outcome)
            for write in sent
        ]

    def seed(self, deals: int, number: int) -> dict[str, dict[str, bool]]:
        return seed(self.org, deals, number, self.clock.now())

    def let_reps_edit_ours(self) -> None:
        for name in DEFAULT_WRITES.values():
            self.org.grant(profile_set(self.org, "Standard User"), "Opportunity", name, edit=True)

    def hide(self, column: str) -> None:
        hide_field(self.org, "Opportunity", NAMES[column], SYNC)

    def show(self, column: str) -> None:
        show_field(self.org, "Opportunity", NAMES[column])

    def stop_activities(self, how: str) -> None:
        self.faults.add(**STOPPED[how], count=None)

    def out_of_order(self, what: str) -> None:
        self.faults.add("unavailable", path=PATHS[what], count=None)


def _fields(said: dict[str, Any]) -> dict[str, Any]:
    return {{**NAMES, **MORE, **OURS}.get(name, name): value for name, value in said.items()}


@contextmanager
def salesforce() -> Iterator[SalesforceOffice]:
    """An org whose fields of ours exist, with one rep."""
    with open_for_business(Settings(multi_currency=False)) as sales:
        yield SalesforceOffice(sales)
