"""How deals are read in one pass: rows with their histories, contacts and companies as one page of records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.hubspot.client import convert as to
from connectors.hubspot.client.faults import Refused
from connectors.hubspot.pull import links, people, rates
from connectors.hubspot.pull.deals import MERGED, Maker, merged_away
from connectors.hubspot.pull.history import Histories, versions_of
from connectors.shared.pull.plausible import NONSENSE
from model.sync import Page, SetAside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from connectors.hubspot.client.client import Client
    from connectors.hubspot.client.schema import Schema
    from connectors.hubspot.pull.actors import Actors
    from connectors.hubspot.pull.deals import Row
    from connectors.hubspot.pull.pipelines import Pipelines
    from connectors.hubspot.settings import HubspotSettings
    from model.records import Record
    from model.sync import Cursor

_ACTIVITIES = "num_notes"
CHUNK = 500
"""Deals of one page. One call of associations takes twice as many, but pages would take twice the memory, too."""


class Reader:
    """Everything that does not depend on the deal is worked out once."""

    def __init__(
        self, client: Client, schema: Schema, settings: HubspotSettings, pipelines: Pipelines, actors: Actors
    ) -> None:
        self._client = client
        self.full = False
        """A full pass: what it found is to be named at its end."""
        self._today = client.now().astimezone(client.account.zone).date()
        self.rates_known = True
        """Whether no rate of a deal is needed: the portal shows its rates, or deals' rates lead to another currency."""
        zone = client.account.zone
        own = client.account.currency or settings.currency
        self._maker = Maker(schema, settings, pipelines, zone, own)
        self._histories = Histories(schema, settings, pipelines, zone, actors)
        self.properties, self.history = self._maker.properties, self._histories.properties
        self._rolled = schema.having((_ACTIVITIES,))
        self.roles_readable = bool(schema.fields("contacts"))
        self._companies_readable = True
        self._accounts: set[str] = set()
        self.present: set[str] = set()
        """Ids of the deals that were read, those set aside too."""
        self.rolled_up: list[str] = []
        """Deals that have more or fewer activities than at the last pass."""
        self.roles: set[str] = set()
        """Ids of the contact roles that were read."""

    def records(self, rows: list[Row], into: Batch) -> None:
        """Turn rows into records of `into`; one that makes no sense is set aside with its reason."""
        for row in rows:
            if self.full:
                self.present.add(row["id"])
            try:
                record = self._maker.record(row)
                stages, moves = self._histories.of(row, record)
            except NONSENSE as error:
                into.aside.append(SetAside("opportunity", row["id"], f"{type(error).__name__}: {error}"))
                continue
            into.deals.append(record)
            into.stages += stages
            into.moves += moves
            if row["properties"].get(MERGED):
                into.merged += merged_away(row)
            if not self.rates_known and (rate := rates.of_deal(row["properties"], record, self._today)):
                into.rates[rate["id"]] = rate

    def changed(self, rows: list[Row], since: datetime) -> list[Row]:
        """The same rows; notes those with a roll-up that calls for a read of their activities."""
        for row in rows:
            versions = versions_of(row, _ACTIVITIES)
            if versions and to.instant(versions[-1]["timestamp"]) >= since:  # type: ignore[operator]
                self.rolled_up.append(row["id"])
        return rows

    @property
    def history_of_change(self) -> list[str]:
        """What is asked of deals that changed: their histories, and when their activities were counted anew."""
        return [*self.history, *self._rolled]

    def pages(self, batch: Batch, cursor: Cursor | None) -> Iterator[Page]:
        """A batch with its contacts, and the accounts that were not read before; none where it is empty."""
        if not batch.deals and not batch.aside:
            return
        ids = [record["id"] for record in batch.deals]
        roles = people.roles(self._linked("contacts", ids))
        if self.full:
            self.roles.update(role["id"] for role in roles)
        self._find_accounts(batch)
        accounts = self._new_accounts({found for record in batch.deals if (found := record.get("account_id"))})
        yield batch.page(roles, accounts, cursor, whole=self.roles_readable)

    def _find_accounts(self, batch: Batch) -> None:
        """The company of deals that do not name their primary one; unread where our app may not see companies."""
        without = [record for record in batch.deals if "account_id" not in record]
        companies = self._linked("companies", [record["id"] for record in without])
        for record in without if self._companies_readable else ():
            record["account_id"] = people.account_of(companies.get(record["id"], ()))

    def _linked(self, other: str, ids: list[str]) -> dict[str, list[links.Link]]:
        """Associations, where our app may see the other type; else they stay unread."""
        if not ids or not (self.roles_readable if other == "contacts" else self._companies_readable):
            return {}
        try:
            return links.read(self._client, "deals", other, ids)
        except Refused:
            if other == "contacts":
                self.roles_readable = False
            else:
                self._companies_readable = False
            return {}

    def _new_accounts(self, ids: set[str]) -> list[Record]:
        fresh = sorted(ids - self._accounts)
        self._accounts |= ids
        try:
            return people.accounts(self._client, fresh)
        except Refused:
            return []  # accounts give names only; deals do without


class Batch:
    """Records of some hundred deals on their way to a page."""

    def __init__(self) -> None:
        self.deals: list[Record] = []
        self.stages: list[Record] = []
        self.moves: list[Record] = []
        self.merged: list[Record] = []
        self.rates: dict[str, Record] = {}
        self.aside: list[SetAside] = []

    def __len__(self) -> int:
        """How many deals."""
        return len(self.deals)

    def page(self, roles: list[Record], accounts: list[Record], cursor: Cursor | None, *, whole: bool) -> Page:
        """Deals before the ones that went up in them; one that was read itself is no merged one.

        `whole`: the contacts of these deals were read, so that one who is not among them has left the deal.
        """
        read = {record["id"] for record in self.deals}
        found: dict[str, Any] = {"opportunity": self.deals + [m for m in self.merged if m["id"] not in read]}
        found |= {"stage_change": self.stages, "field_change": self.moves, "contact_role": roles}
        found |= {"account": accounts, "rate": list(self.rates.values())}
        tables = {table: records for table, records in found.items() if records}
        return Page(tables, cursor, tuple(self.aside), whole={"contact_role": frozenset(read)} if whole else {})


def binned(row: Row, at: datetime | None) -> Record:
    """A record in the bin: when it went is its last change."""
    return {"id": row["id"], "gone": "deleted", **({"modified": at} if at else {})}
