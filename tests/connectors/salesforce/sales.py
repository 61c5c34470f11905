"""A local org, a connector to it, and the people who work there."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

from connectors.salesforce.connector import SalesforceConnector
from connectors.salesforce.settings import DEFAULT_READS, DEFAULT_WRITES, SalesforceSettings
from sandbox.salesforce import SYNC, Org, Running, Settings, add_user, new_org, serve
from sandbox.salesforce.events import create_as, edit_as
from sandbox.salesforce.schema import parse_field
from sandbox.salesforce.setup import profile_set

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from model.records import Record
    from model.sync import Cursor, Page

REP = "rep@acme.example"
KINDS = {"score": "double(3,0)", "flag_count": "double(3,0)", "flagged_since": "date", "pause_until": "date"}
KINDS |= {"worst_severity": "picklist(none|info|warning|critical)", "top_flag": "string(80)"}
KINDS |= {"gate": "picklist(clear|ready|waiting|breached|unknown)", "reasons": "textarea(32000) nofilter"}


@dataclass
class Sales:
    """An org with one rep, and what they do in it."""

    org: Org
    server: Running
    waited: list[float] = field(default_factory=list)

    def deal(self, name: str = "Acme", **values: Any) -> str:
        given = {"Name": name, "StageName": "Prospecting", "CloseDate": "2026-12-31"} | values
        return create_as(self.org, REP, "Opportunity", given)

    def create(self, entity: str, **values: Any) -> str:
        return create_as(self.org, REP, entity, values)

    def edit(self, deal: str, entity: str = "Opportunity", **values: Any) -> None:
        edit_as(self.org, REP, entity, deal, values)

    def row(self, deal: str) -> dict[str, Any]:
        return self.org.tables["Opportunity"].rows[deal]

    def settings(self, **changes: Any) -> SalesforceSettings:
        given = {
            "name": "acme",
            "login_url": self.server.url,
            "consumer_key": self.server.login(SYNC).client_id,
            "consumer_secret": self.server.login(SYNC).client_secret,
            "ca_file": self.server.ca_file,
            "currency": "USD",
            "zone": "America/New_York",
        }
        return SalesforceSettings(**(given | changes))

    def connector(self, allowance: Any = None, **changes: Any) -> SalesforceConnector:
        given = {"sleep": self.waited.append, "random": Random(1), "allowance": allowance}  # noqa: S311 - jitter
        return SalesforceConnector(self.settings(**changes), clock=self.org.clock.now, **given)


@contextmanager
def open_for_business(kind: Settings, *, provisioned: bool = True) -> Iterator[Sales]:
    """An org with our fields (unless not yet provisioned), which the sync user may edit."""
    org = new_org(kind)
    org.clock.set(datetime(2026, 11, 3, 9, tzinfo=UTC))
    rights = profile_set(org, "Integration User")
    for own, api_name in {**DEFAULT_WRITES, **DEFAULT_READS}.items() if provisioned else ():
        org.add_field("Opportunity", parse_field(f"{api_name} {KINDS.get(own, 'string(255)')}"))
        org.grant(rights, "Opportunity", api_name, edit=own in DEFAULT_WRITES)
    add_user(org, REP, "Rita", "Rep", "Standard User", Department="East")
    with serve(org) as server:
        yield Sales(org, server)


def records(pages: Iterable[Page], table: str) -> dict[str, Record]:
    """The last record of each id."""
    return {record["id"]: record for page in pages for record in page.records.get(table, ())}


def cursors(pages: list[Page]) -> dict[str, Cursor]:
    return {page.cursor.stream: page.cursor for page in pages if page.cursor}
