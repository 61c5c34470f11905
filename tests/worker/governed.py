"""A sales team under governance: a local org, a store of its own, and the flows over both."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connectors.salesforce.settings import DEFAULT_WRITES
from sandbox.salesforce import SYNC, Settings, seed
from sandbox.salesforce.events import edit_as
from sandbox.salesforce.setup import profile_set
from store import Store
from tests.connectors.salesforce.sales import Sales, open_for_business
from worker.flows.answers import deals
from worker.flows.run import run
from worker.settings import ConnectionSettings
from worker.settings import Settings as WorkerSettings
from worker.wiring import Services, policy_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from connectors.protocol import Connector
    from worker.flows.report import Report

NAME = "acme"
PREFIX = "Sluicegate_"
FLAGS, REASONS, CHECKED, SCORE = (f"{PREFIX}{field}__c" for field in ("Flag_Ids", "Reasons", "Checked", "Score"))


@dataclass
class Governed:
    """Flows over one local org; `services.clock` is the org's own clock."""

    sales: Sales
    services: Services
    reports: list[Report] = field(default_factory=list)

    def run(self, **options: Any) -> Report:
        self.reports.append(run(self.services, NAME, **options))
        return self.reports[-1]

    def later(self, **delta: float) -> None:
        self.sales.org.clock.set(self.sales.org.clock.now() + timedelta(**delta))

    def on_record(self, deal: str) -> dict[str, Any]:
        """Our fields of a deal, as they stand in the CRM."""
        return {k: v for k, v in self.sales.row(deal).items() if k.startswith(PREFIX)}

    def all_on_record(self) -> dict[str, dict[str, Any]]:
        rows = self.sales.org.tables["Opportunity"].rows
        return {deal: self.on_record(deal) for deal, row in rows.items() if not row.get("IsDeleted")}

    def verdict(self, deal: str) -> dict[str, Any]:
        return next(found for found in deals(self.services, NAME) if found["id"] == deal)

    def flags(self, deal: str) -> list[str]:
        return [flag["policy"] for flag in self.verdict(deal)["flags"]]

    def shown(self, deal: str) -> list[str]:
        """Ids of the flags that a rep sees on the deal."""
        return [flag for flag in (self.on_record(deal)[FLAGS] or "").split(";") if flag]

    def writes(self, since: int = 0) -> list[Any]:
        """Every write that our user sent, from the n-th on."""
        return [write for write in self.sales.org.writes if write.user == SYNC][since:]

    def written(self, since: int = 0) -> list[str]:
        """The deals that our user changed, from its n-th write on; a deal as often as it was written."""
        return [write.id for write in self.writes(since) if write.outcome == "ok"]

    def seed(self, deals: int, number: int = 1) -> dict[str, dict[str, bool]]:
        """A believable pipeline, and what was planted in each open deal."""
        return seed(self.sales.org, deals, number, self.sales.org.clock.now())

    def theirs(self) -> dict[str, dict[str, Any]]:
        """Of each living deal what is not ours and does not move by itself when somebody saves."""
        stamps = {"LastModifiedDate", "LastModifiedById", "SystemModstamp"}
        rows = self.sales.org.tables["Opportunity"].rows
        return {
            deal: {name: value for name, value in row.items() if not name.startswith(PREFIX) and name not in stamps}
            for deal, row in rows.items()
            if not row.get("IsDeleted")
        }

    def let_reps_edit_ours(self) -> None:
        """An admin was generous: reps may edit (and so clone) our fields."""
        org = self.sales.org
        for name in DEFAULT_WRITES.values():
            org.grant(profile_set(org, "Standard User"), "Opportunity", name, edit=True)

    def edit(self, deal: str, user: str = "rep@acme.example", **values: Any) -> None:
        """What somebody changes on a deal, by all rules."""
        edit_as(self.sales.org, user, "Opportunity", deal, values)


def services(sales: Sales, folder: Path, **connection: Any) -> Services:
    """Services over this org, with the starter pack and a SQLite store in `folder`."""
    said = ConnectionSettings(kind="salesforce", sandbox=True, timezone="America/New_York", **connection)
    settings = WorkerSettings(home=folder, connections={NAME: said})
    connector = sales.connector(budget_share=1.0)
    return Services(
        settings=settings,
        clock=sales.org.clock.now,
        sleep=sales.waited.append,
        store=Store.open(f"sqlite:///{folder / 'sluicegate.db'}"),
        connect=lambda _name: connector,
        policy_texts=lambda: policy_texts(settings),
    )


@contextmanager
def governed(folder: Path, **connection: Any) -> Iterator[Governed]:
    with open_for_business(Settings(multi_currency=False)) as sales:
        made = Governed(sales, services(sales, folder, **connection))
        try:
            yield made
        finally:
            made.services.store.close()


def with_connector(team: Governed, wrapped: Any) -> Governed:
    """The same with another door to the CRM."""
    return replace(team, services=replace(team.services, connect=lambda _name: wrapped))


@dataclass
class AfterThePull:
    """A door to the CRM; once, when the pull has ended and nothing is pushed yet, something happens behind it."""

    door: Connector
    happens: Callable[[], None]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.door, name)

    def pull(self, *given: Any, **options: Any) -> Iterator[Any]:
        yield from self.door.pull(*given, **options)
        self.happens()
        self.happens = lambda: None
