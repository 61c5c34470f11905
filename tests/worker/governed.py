"""A sales team under governance: a local org, a store of its own, and the flows over both."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sandbox.salesforce import SYNC, Settings
from store import Store
from tests.connectors.salesforce.sales import Sales, open_for_business
from worker.flows.answers import deals
from worker.flows.run import run
from worker.settings import ConnectionSettings
from worker.settings import Settings as WorkerSettings
from worker.wiring import Services, policy_texts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from worker.flows.report import Report

NAME = "acme"
PREFIX = "Sluicegate_"


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

    def writes(self) -> list[Any]:
        """Every write that our user sent."""
        return [write for write in self.sales.org.writes if write.user == SYNC]


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
