"""Deals by id as they stand now, and what became of those that are not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.hubspot.client import convert as to
from connectors.hubspot.client import windows
from connectors.hubspot.client.faults import ObjectGone
from connectors.hubspot.pull import pipelines
from connectors.hubspot.pull.deals import Maker
from connectors.hubspot.pull.reader import binned
from connectors.shared.pull.rows import convert
from model.sync import Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.hubspot.client.client import Client
    from connectors.hubspot.client.schema import Schema
    from connectors.hubspot.settings import HubspotSettings
    from model.records import Record


def read(client: Client, schema: Schema, settings: HubspotSettings, ids: Sequence[str]) -> Page:
    """A page of these deals, without histories."""
    own = client.account.currency or settings.currency
    maker = Maker(schema, settings, pipelines.read(client), client.account.zone, own)
    asked = [one for one in dict.fromkeys(ids) if one.isascii() and one.isdigit()]
    rows = [row for some in windows.batch(client, "deals", asked, maker.properties) for row in some]
    records, aside = convert("opportunity", rows, maker.record, "id")
    seen = {row["id"] for row in rows}
    gone = _gone(client, [one for one in asked if one not in seen])
    known = seen | {record["id"] for record in gone}
    lost: list[Record] = [{"id": one, "gone": "vanished"} for one in dict.fromkeys(ids) if one not in known]
    return Page({"opportunity": records + gone + lost}, aside=tuple(aside))


def _gone(client: Client, ids: list[str]) -> list[Record]:
    """Those in the bin, and those that were merged: asked one by one, their id leads to the deal they went up in."""
    found = [binned(row, to.instant(row.get("archivedAt"))) for row in _archived(client, ids)] if ids else []
    seen = {record["id"] for record in found}
    survivors = {one: row for one in ids if one not in seen and (row := _survivor(client, one))}
    return found + [{"id": one, "gone": "merged", "merged_into": str(row["id"])} for one, row in survivors.items()]


def _archived(client: Client, ids: list[str]) -> list[dict[str, Any]]:
    ask = client.api("crm.objects.batch_api").read
    found: list[dict[str, Any]] = []
    for some in windows.chunks(ids, windows.BATCH):
        body = {"inputs": [{"id": one} for one in some], "properties": ["hs_object_id"], "propertiesWithHistory": []}
        found += windows.batch_records(client, client.call(ask, "deals", body, archived=True), "deals")
    return found


def _survivor(client: Client, deal: str) -> dict[str, Any] | None:
    ask = client.api("crm.deals.basic_api").get_by_id
    try:
        rows = client.with_ids([client.call(ask, deal, properties=["hs_object_id"])], "opportunity", "id")
    except ObjectGone:
        return None
    return next((row for row in rows if row["id"] != deal), None)
