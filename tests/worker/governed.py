"""A sales team under governance: a local CRM, a store of its own, and the flows over both."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.crm_drivers import CRM_DRIVERS
from tests.support.stores import empty_store
from worker.pipeline.run import run
from worker.settings import Settings as WorkerSettings
from worker.settings import connection_settings
from worker.settings_tables import KpiSettings
from worker.usecases.answers import deals, leads
from worker.wiring import Services, policy_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from connectors.protocol import Connector
    from tests.connectors.salesforce.sales import Sales
    from tests.crm_drivers.driver import CrmDriver, Write
    from worker.pipeline.report import Report

NAME = "acme"
FLAGS, REASONS, CHECKED, SCORE = "flag_ids", "reasons", "checked", "score"


@dataclass
class Governed:
    """Flows over one local CRM; `services.clock` is the CRM's own clock."""

    driver: CrmDriver
    services: Services
    reports: list[Report] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    """Mapped fields by fact, where there are any."""
    lead_fields: dict[str, str] = field(default_factory=dict)

    def says(self, deal: str, **facts: Any) -> None:
        """What stands in the mapped fields of a deal."""
        for fact, value in facts.items():
            self.driver.flag(deal, self.fields[fact], value)

    @property
    def sales(self) -> Sales:
        """The org behind a Salesforce driver."""
        return self.driver.sales  # type: ignore[attr-defined,no-any-return]

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the connection."""
        return ZoneInfo(self.services.connection(NAME).timezone)

    def says_of_lead(self, lead: str, **facts: Any) -> None:
        """What stands in the mapped fields of a lead."""
        for fact, value in facts.items():
            self.driver.flag_lead(lead, self.lead_fields[fact], value)

    def lead(self, lead: str) -> dict[str, Any]:
        """A lead with what was found, as `sluicegate leads` lists it."""
        return next(found for found in leads(self.services, NAME) if found["id"] == lead)

    def lead_flags(self, lead: str) -> list[str]:
        return [flag["policy"] for flag in self.lead(lead)["flags"]]

    def run(self, **options: Any) -> Report:
        self.reports.append(run(self.services, NAME, **options))
        return self.reports[-1]

    def later(self, **delta: float) -> None:
        self.driver.clock.set(self.driver.clock.now() + timedelta(**delta))

    def deal(self, name: str = "Acme", **changes: Any) -> str:
        """A deal that a rep makes."""
        return self.driver.deal(name, **changes)

    def edit(self, deal: str, **changes: Any) -> None:
        """What somebody changes on a deal, by all rules."""
        self.driver.edit(deal, **changes)

    def on_record(self, deal: str) -> dict[str, Any]:
        """Our fields of a deal, as they stand in the CRM."""
        return self.driver.record(deal)

    def all_on_record(self) -> dict[str, dict[str, Any]]:
        return {deal: self.on_record(deal) for deal in self.theirs()}

    def verdict(self, deal: str) -> dict[str, Any]:
        return next(found for found in deals(self.services, NAME) if found["id"] == deal)

    def flags(self, deal: str) -> list[str]:
        return [flag["policy"] for flag in self.verdict(deal)["flags"]]

    def shown(self, deal: str) -> list[str]:
        """Ids of the flags that a rep sees on the deal."""
        return [flag for flag in (self.on_record(deal)[FLAGS] or "").split(";") if flag]

    def writes(self, since: int = 0) -> list[Write]:
        """Every write that our user sent, from the n-th on."""
        return self.driver.writes()[since:]

    def written(self, since: int = 0) -> list[str]:
        """The deals that our user changed, from its n-th write on; a deal as often as it was written."""
        return [write.id for write in self.writes(since) if write.outcome == "ok"]

    def seed(self, deals: int, number: int = 1) -> dict[str, dict[str, bool]]:
        """A believable pipeline, and what was planted in each open deal."""
        return self.driver.seed(deals, number)

    def theirs(self) -> dict[str, dict[str, Any]]:
        """The values of each existing deal that are not our own and that no save changes by itself."""
        return self.driver.theirs()

    def let_reps_edit_ours(self) -> None:
        """An admin was generous: reps may edit (and so clone) our fields."""
        self.driver.let_reps_edit_ours()


def services(driver: CrmDriver, folder: Path, **connection: Any) -> Services:
    """Services over this CRM, with the starter pack and a SQLite store in `folder`.

    Runs do not measure, which is a quarter of what a run of a small org costs; see `measuring`.
    """
    ways = {"sandbox": True, "timezone": "America/New_York", **connection}
    found = connection_settings({"kind": driver.kind, **ways})
    settings = WorkerSettings(home=folder, connections={NAME: found}, kpis=KpiSettings(each_run_up_to=0))
    connector = driver.connector(budget_share=1.0)
    return Services(
        settings=settings,
        clock=driver.clock.now,
        sleep=driver.waited.append,
        store=empty_store(folder / "sluicegate.db"),
        connect=lambda _name: connector,
        policy_texts=lambda: policy_texts(settings),
    )


def live(team: Governed, texts: dict[str, bytes] | None = None, **changes: Any) -> Governed:
    """The team on a connection that is no sandbox; `texts` are its policy files, the starter pack by default."""
    settings = team.services.settings
    connection = settings.connections[NAME].model_copy(update={"sandbox": False, **changes})
    settings = settings.model_copy(update={"connections": {NAME: connection}})
    given = texts or policy_texts(settings)
    return replace(team, services=replace(team.services, settings=settings, policy_texts=lambda: given))


def measuring(team: Governed) -> Governed:
    """The same team, with runs that measure the KPIs."""
    settings = team.services.settings.model_copy(update={"kpis": KpiSettings()})
    return replace(team, services=replace(team.services, settings=settings))


def rolled_out(texts: dict[str, bytes], to: str = "everyone") -> dict[str, bytes]:
    """Policy files that are open to everybody, or as `to` says."""
    return {
        file: text.replace(b"version: 1\n", f"version: 1\nrollout: {to}\n".encode()) for file, text in texts.items()
    }


@contextmanager
def governed(folder: Path, kind: str = "salesforce", **connection: Any) -> Iterator[Governed]:
    with CRM_DRIVERS[kind]() as driver:
        made = Governed(driver, services(driver, folder, **connection))
        try:
            yield made
        finally:
            made.services.store.close()


def with_connector(team: Governed, wrapped: Any) -> Governed:
    """The same team with another connector."""
    return replace(team, services=replace(team.services, connect=lambda _name: wrapped))


@dataclass
class AfterThePull:
    """A connector that runs `happens` once, after the pull and before the push."""

    connector: Connector
    happens: Callable[[], None]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connector, name)

    def pull(self, *given: Any, **options: Any) -> Iterator[Any]:
        yield from self.connector.pull(*given, **options)
        self.happens()
        self.happens = lambda: None
