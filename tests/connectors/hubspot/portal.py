"""A local portal, a connector to it, and the people who work there."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from connectors.hubspot.connector import HubspotConnector
from connectors.hubspot.settings import DEFAULT_READS, DEFAULT_WRITES, HubspotSettings
from sandbox.hubspot import Portal, Running, Settings, add_owner, new_portal, serve
from sandbox.hubspot.events import create_as, edit_as
from sandbox.hubspot.schema import parse_property as property_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from model.records import Record
    from model.sync import Cursor, Page

REP = "rep@acme.example"
KINDS = {"score": "number number", "flag_count": "number number", "flagged_since": "date date"}
KINDS |= {"pause_until": "date date", "reasons": "string textarea"}
KINDS |= {"worst_severity": "enumeration select none=None info=Info warning=Warning critical=Critical"}
KINDS |= {"gate": "enumeration select clear=Clear ready=Ready waiting=Waiting breached=Breached unknown=Unknown"}


@dataclass
class PortalDriver:
    """A portal with one rep, and what they do in it."""

    portal: Portal
    server: Running
    waited: list[float] = field(default_factory=list)

    def deal(self, name: str = "Acme", **values: Any) -> str:
        links = values.pop("links", None)
        given = {"dealname": name, "dealstage": "appointmentscheduled", "closedate": "2026-12-31T05:00:00Z"} | values
        return create_as(self.portal, REP, "deals", given, links=links)

    def create(self, kind: str, *deals: str, **values: Any) -> str:
        return create_as(self.portal, REP, kind, values, links={"deals": deals} if deals else None)

    def edit(self, key: str, kind: str = "deals", **values: Any) -> None:
        edit_as(self.portal, REP, kind, key, values)

    def settings(self, **changes: Any) -> HubspotSettings:
        given = {"name": "acme", "base_url": self.server.url, "access_token": self.server.token}
        given |= {"currency": "USD", "zone": "America/New_York"}
        return HubspotSettings(**(given | changes))

    def connector(self, allowance: Any = None, **changes: Any) -> HubspotConnector:
        given = {"sleep": self.sleep, "random": Random(1), "allowance": allowance}  # noqa: S311 - jitter
        return HubspotConnector(self.settings(**changes), clock=self.portal.clock.now, **given)

    def sleep(self, seconds: float) -> None:
        """Waiting lets the portal's time pass, so that its windows open again."""
        self.waited.append(seconds)
        self.portal.clock.forward(timedelta(seconds=seconds))

    def later(self, **span: float) -> None:
        self.portal.clock.forward(timedelta(**span))

    def called(self, path: str) -> int:
        """Calls so far with `path` in their path."""
        return sum(path in call["path"] for call in self.portal.calls)


@contextmanager
def open_for_business(kind: Settings, *, provisioned: bool = True) -> Iterator[PortalDriver]:
    """A portal with our properties, unless they are not yet provisioned."""
    portal = new_portal(kind)
    portal.clock.set(datetime(2026, 11, 3, 9, tzinfo=UTC))
    for own, name in {**DEFAULT_WRITES, **DEFAULT_READS}.items() if provisioned else ():
        made = property_of(f"{name} {KINDS.get(own, 'string text')}", "dealinformation", portal.clock.ms(), own=True)
        portal.properties["deals"][name] = made
    add_owner(portal, REP, "Rita", "Rep", teams=[("1", "East")])
    with serve(portal) as server:
        yield PortalDriver(portal, server)


def records(pages: Iterable[Page], table: str) -> dict[str, Record]:
    """The last record of each id."""
    return {record["id"]: record for page in pages for record in page.records.get(table, ())}


def cursors(pages: list[Page]) -> dict[str, Cursor]:
    return {page.cursor.stream: page.cursor for page in pages if page.cursor}
