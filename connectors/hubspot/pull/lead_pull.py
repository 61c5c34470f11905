"""Reading leads: contacts by list or by search, and of those that are still open what is logged on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from connectors.hubspot.client import convert as to
from connectors.hubspot.client import windows
from connectors.hubspot.client.faults import Refused
from connectors.hubspot.pull import activities, leads, links
from connectors.hubspot.pull.deals import merged_away
from connectors.shared.pull.plausible import NONSENSE
from connectors.shared.pull.rows import convert
from model.sync import Page, SetAside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connectors.hubspot.client.client import Client
    from connectors.hubspot.client.schema import Schema
    from connectors.hubspot.client.windows import Place, Rows
    from connectors.hubspot.pull.activities import Kind
    from connectors.hubspot.pull.actors import Actors
    from connectors.hubspot.settings import HubspotSettings
    from model.records import Record
    from model.sync import Cursor

STREAM: Final = "lead"
_KEPT: Final = ("kind", "state", "at", "created", "created_by", "bulk", "modified", "gone")
_HELD: Final = 500
"""The number of leads that one read of activities covers."""


class LeadPull:
    """One pass over leads. `full`: everything, and what was found is named at the end."""

    def __init__(
        self, client: Client, schema: Schema, settings: HubspotSettings, actors: Actors, bin_: int | None, *, full: bool
    ) -> None:
        self._client, self._schema, self._settings, self._actors, self._bin = client, schema, settings, actors, bin_
        self._full = full
        zone = ZoneInfo(settings.zone) if settings.zone else client.account.zone
        self._zone, self._maker = zone, leads.Maker(schema, settings, zone)
        self._present: set[str] = set()
        self._whole = bool(settings.activity.sources)

    def pages(self, place: Place, saved: Callable[[str], Cursor | None]) -> Iterator[Page]:
        """Leads from `place` on; `saved` makes the cursor of a place within."""
        for rows, after in self._listed(place) if place.since is None else self._changed(place):
            records, aside = convert("lead", rows, self._maker.record, "id")
            gone = [one for row in rows for one in merged_away(row)]
            self._present.update(record["id"] for record in records)
            self._present.update(one.id for one in aside)
            found = [*records, *(one for one in gone if one["id"] not in self._present)]
            # what is logged comes first: a pass that is stopped between the two reads these leads again
            yield from self.logged_on([record["id"] for record in records if not record.get("is_converted")])
            yield Page({"lead": found} if found else {}, saved(after), tuple(aside))
        yield Page({}, place.ended().cursor(STREAM))
        yield from self._binned()
        yield Page({}, feeds=frozenset({"leads"}), present=self._found("lead", self._present))
        if self._whole:
            yield Page({}, feeds=frozenset({"lead_activities"}))

    def _found(self, table: str, ids: set[str]) -> dict[str, frozenset[str]]:
        return {table: frozenset(ids)} if self._full else {}

    def by_id(self, ids: list[str]) -> Iterator[Page]:
        """These contacts, those that are leads."""
        for rows in windows.batch(self._client, leads.KIND, ids, self._maker.properties):
            records, aside = convert("lead", rows, self._maker.record, "id")
            yield Page({"lead": records}, aside=tuple(aside))

    def _listed(self, place: Place) -> Iterator[tuple[Rows, str]]:
        """All contacts, 100 a call; those that are no leads are left out."""
        yield from windows.listed(self._client, leads.KIND, place.after, properties=self._maker.properties)

    def _changed(self, place: Place) -> Iterator[tuple[Rows, str]]:
        """Ids by search, then those that look like leads as they stand now: an index may be behind."""
        if place.since is None:
            return
        asked = [name for name in leads.TELLING if name in self._maker.properties]
        for rows in windows.changed(self._client, leads.KIND, place.since, place.after, asked, stamp=leads.STAMP):
            ids = [row["id"] for row in rows if leads.is_lead(row["properties"])]
            read = windows.batch(self._client, leads.KIND, ids, self._maker.properties)
            yield [row for some in read for row in some], rows[-1]["id"]

    def _binned(self) -> Iterator[Page]:
        """What people deleted."""
        for rows in windows.archived(self._client, leads.KIND, self._bin):
            found = [self._gone(row) for row in rows if row["id"] not in self._present]
            if found:
                yield Page({"lead": found})

    def _gone(self, row: dict[str, Any]) -> Record:
        return {"id": row["id"], "gone": "deleted", "modified": to.instant(row.get("archivedAt"))}

    def logged_on(self, ids: list[str]) -> Iterator[Page]:
        """Everything that is logged on these leads: what else is known of them was deleted."""
        for some in windows.chunks(ids, _HELD):
            records: list[Record] = []
            aside: list[SetAside] = []
            whole = True
            for source in self._settings.activity.sources:
                try:
                    self._of_source(activities.KINDS[source], some, records, aside)
                except Refused:
                    whole = self._whole = False  # the feed is late then, and `check` gives the reason
            whole_leads = {"lead_activity": frozenset(some)} if whole else {}
            yield Page({"lead_activity": records}, None, tuple(aside), whole=whole_leads)

    def _of_source(self, kind: Kind, ids: list[str], records: list[Record], aside: list[SetAside]) -> None:
        try:
            self._of_kind(kind, ids, records, aside)
        except Refused as error:
            if not self._schema.refusing(kind.type, error):
                raise
            self._of_kind(kind, ids, records, aside)

    def _of_kind(self, kind: Kind, ids: list[str], records: list[Record], aside: list[SetAside]) -> None:
        found = links.read(self._client, leads.KIND, kind.type, ids)
        on = [(link.id, lead) for lead, several in found.items() for link in several]
        leads_of: dict[str, list[str]] = {}
        for one, lead in on:
            leads_of.setdefault(one, []).append(lead)
        for rows in windows.batch(
            self._client, kind.type, sorted(leads_of, key=windows.numerical), activities.properties(kind, self._schema)
        ):
            for row in rows:
                try:
                    records += self._logged_on(kind, row, sorted(set(leads_of[row["id"]])))
                except NONSENSE as error:
                    key = activities.record_id(kind, row)
                    aside.append(SetAside("lead_activity", key, f"{type(error).__name__}: {error}"))

    def _logged_on(self, kind: Kind, row: dict[str, Any], several: list[str]) -> Iterator[Record]:
        """One record for each lead that it is on."""
        for made, lead in zip(
            activities.legible(kind, row, {"contacts": several}, self._actors, self._zone), several, strict=True
        ):
            key = f"{activities.record_id(kind, row)}:{lead}"
            yield {"id": key, "lead_id": lead, **{name: made[name] for name in _KEPT if name in made}}
