"""A store that was filled once, and a CRM that must not be asked: what is tried on the past needs nothing else."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

from model.facts import FACTS
from model.subjects import LEADS
from model.sync import Description, Offer, Page
from store import Store
from tests.support.stores import empty_store
from worker.settings import Settings, connection_settings
from worker.wiring import Services

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from connectors.protocol import Connector

NAME = "acme"
NOW = datetime(2026, 11, 16, 17, tzinfo=UTC)
"""Noon in New York."""
DAY = timedelta(days=1)
FEEDS = ("activities", "stage_history", "date_history", "contact_roles")
STAGES = ("Discovery", "Proposal", "Negotiation", "Closed Won", "Closed Lost")
GIVEN = frozenset(name for name, fact in FACTS.items() if "mapping" not in fact.needs)


def deal(id_: str, **changes: Any) -> dict[str, Any]:
    """An open deal made 60 days ago and seen ever since."""
    made = changes.get("created", NOW - 60 * DAY)
    return {
        "id": id_, "name": f"Deal {id_}", "pipeline": None, "record_type": None, "deal_type": None, "source": None,
        "stage_name": "Discovery", "is_closed": False, "is_won": False, "amount": Decimal(1000), "currency": "USD",
        "close_date": date(2026, 12, 31), "probability": 0.2, "forecast_category": "pipeline", "next_step": "Call them",
        "owner_id": "u1", "account_id": f"a{id_}", "activity_hint": None, "created": made, "last_edit": made,
        "modified": made, "modified_by": "u1", "facts": {}, "ours": {}, "unread": [], "gone": None,
    } | changes  # fmt: skip


def call(id_: str, deal_id: str, at: datetime, **changes: Any) -> dict[str, Any]:
    """A call that was made and logged at an instant."""
    return {
        "id": id_, "opportunity_id": deal_id, "kind": "call", "state": "done", "at": at, "due": None, "created": at,
        "owner_id": "u1", "created_by": "u1", "bulk": False, "possible": False, "gone": None, "account_id": None,
        "contact_id": None, "modified": at,
    } | changes  # fmt: skip


def moved(deal_id: str, at: datetime, stage: str, **changes: Any) -> dict[str, Any]:
    """A move to a stage, or the creation in it."""
    id_ = f"{deal_id}:{at.isoformat()}:{stage}"
    return {"id": id_, "opportunity_id": deal_id, "at": at, "stage_name": stage, "pipeline": None, "actor_id": "u1"} | (
        changes
    )


def changed(deal_id: str, at: datetime, field: str, before: Any, after: Any) -> dict[str, Any]:
    """A change of a field by the CRM's own history."""
    return {
        "id": f"{deal_id}:{at.isoformat()}:{field}", "opportunity_id": deal_id, "field": field, "before": before,
        "after": after, "changed_at": at, "seen_at": at, "actor_id": "u1", "origin": "crm",
    }  # fmt: skip


def owner(id_: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": id_, "name": f"Rep {id_}", "username": None, "is_active": True, "manager_id": None, "team": None,
        "region": None, "zone": None, "start_date": None,
    } | changes  # fmt: skip


def crm_stage(name: str) -> dict[str, Any]:
    ends = name.startswith("Closed")
    return {
        "id": name, "pipeline": None, "name": name, "label": name, "is_active": True, "is_closed": ends,
        "is_won": name == "Closed Won", "probability": None, "forecast_category": None, "sort": STAGES.index(name),
    }  # fmt: skip


class Silent:
    """A CRM that nobody may call."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"the CRM was asked: {name}")


class Archive:
    """Services over a store of a connection that was pulled now and then."""

    def __init__(self, folder: Path, url: str = "", **connection: Any) -> None:
        found: dict[str, Any] = {"kind": "salesforce", "timezone": "America/New_York", **connection}
        settings = Settings(home=folder, connections={NAME: connection_settings(found)})
        connector: Connector = Silent()  # type: ignore[assignment]
        self.store = Store.open(url) if url else empty_store(folder / "sluicegate.db")
        self.services = Services(
            settings=settings, clock=lambda: NOW, sleep=lambda _: None, store=self.store,
            connect=lambda _name: connector, policy_texts=dict,
        )  # fmt: skip
        self.store.database.connection_key(NAME)
        self.describe()
        self.keep(NOW, owner=[owner("u1")], crm_stage=[crm_stage(name) for name in STAGES], feeds=FEEDS)

    def describe(self, **types: Any) -> None:
        """What the CRM offers: the standard facts, and mapped ones of these types."""
        self.store.connections.keep_description(
            NAME, Description(mapped=GIVEN | types.keys(), writes={}, types=types, currency="USD")
        )

    def describe_leads(self) -> None:
        """What the CRM offers of leads, too."""
        given = frozenset(name for name, fact in LEADS.facts.items() if "mapping" not in fact.needs)
        offers = {LEADS.table: Offer(mapped=given)}
        described = Description(mapped=GIVEN, writes={}, currency="USD", offers=offers)
        self.store.connections.keep_description(NAME, described)

    def keep(self, at: datetime, *, feeds: Sequence[str] = (), **records: list[dict[str, Any]]) -> None:
        """What a pull at this instant brought."""
        self.store.mirror.keep_page(NAME, Page(records, cursor=None, present={}, feeds=frozenset(feeds)), at, at)

    def dump(self) -> list[str]:
        """Everything the store holds."""
        with self.store.database.reading() as sql:
            return list(sql.tx.connection.driver_connection.iterdump())


@contextmanager
def archive(folder: Path, url: str = "", **connection: Any) -> Iterator[Archive]:
    made = Archive(folder, url, **connection)
    try:
        yield made
    finally:
        made.store.close()
