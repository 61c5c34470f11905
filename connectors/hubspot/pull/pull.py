"""A pull: small tables, deals, activities; what a full pass found present, and the feeds read to their end."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

import orjson

from connectors.hubspot.client import convert as to
from connectors.hubspot.client import windows
from connectors.hubspot.client.faults import Refused, TooLong
from connectors.hubspot.client.windows import Place
from connectors.hubspot.pull import activities, lead_pull, leads, people, pipelines, rates, shares
from connectors.hubspot.pull.actors import Actors
from connectors.hubspot.pull.engagements import MODIFIED, Engagements
from connectors.hubspot.pull.lead_pull import LeadPull
from connectors.hubspot.pull.reader import CHUNK, Batch, Reader, binned
from model.errors import AccessRefused
from model.helpers.gc_paused import uncollected
from model.helpers.prefetch import ahead
from model.subjects import LEADS
from model.sync import Page

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterator, Mapping

    from connectors.hubspot.client.client import Client
    from connectors.hubspot.client.schema import Schema
    from connectors.hubspot.pull.activities import Kind
    from connectors.hubspot.pull.deals import Row
    from connectors.hubspot.pull.pipelines import Pipelines
    from connectors.hubspot.settings import HubspotSettings
    from model.records import Record
    from model.sync import Cursor

STREAM: Final = "opportunity"
_AHEAD: Final = 8
"""Pages of deals that are asked for before they are needed: as long as it takes to read contacts and companies."""
_BINNED_PAGES: Final = 20
"""Pages of the bin that an incremental pass reads; a full pass reads them all."""


class Pull:
    """One pass over everything that is read from a portal."""

    def __init__(
        self, client: Client, schema: Schema, settings: HubspotSettings, cursors: Mapping[str, Cursor], *, full: bool,
        subjects: Collection[str] = (),
    ) -> None:  # fmt: skip
        self._client, self._schema, self._settings = client, schema, settings
        self._cursors, self._full, self._subjects = cursors, full, subjects
        self._bin = None if full else _BINNED_PAGES

    def pages(self) -> Iterator[Page]:
        """Small tables and people first, so that a deal's owner and stage are known when it comes."""
        known = self._pipelines()
        owners, users = people.owners(self._client)
        actors = Actors(users, self._client.actor)
        owners += people.integrations(self._settings)
        rated = self._rates()
        yield Page({"crm_stage": list(known.stages.values()), "owner": owners, "rate": rated})
        reader = self._reader(known, actors, rated)
        reader.full = self._full
        yield from self._deals(reader)
        yield from self._activities(actors, reader.rolled_up)
        if LEADS.table in self._subjects and self.sees_contacts:
            yield from self._of_leads(actors)

    def children(self, ids: list[str]) -> Iterator[Page]:
        """These deals with their histories and contacts, and all activities on them."""
        yield from self.deals(ids)
        kinds = [activities.KINDS[source] for source in self._settings.activity.sources]
        yield from self._on_deals(self.engagements(), kinds, ids, whole=True)

    def deals(self, ids: list[str]) -> Iterator[Page]:
        """These deals with their histories and contacts."""
        reader = Reader(self._client, self._schema, self._settings, self._pipelines(), self._actors)
        rows = windows.batch(self._client, "deals", ids, reader.properties, reader.history)
        yield from self._batches(reader, ((some, "") for some in rows), Place())

    def share(self, text: str, after: str) -> Iterator[tuple[Page, str]]:
        """Pages of a window of ids above `after`, each with the last id that it covers."""
        given = orjson.loads(text)
        first, last = after or given["first"], given["last"]
        if given["type"] == shares.DEALS:
            yield from self._deals_between(first, last)
        else:
            kind = next(kind for kind in activities.KINDS.values() if kind.type == given["type"])
            yield from self.engagements().between(kind, first, last)

    def _deals_between(self, first: str, last: str) -> Iterator[tuple[Page, str]]:
        reader, batch, upto = self._window_reader, Batch(), first
        for rows in ahead(windows.between(self._client, "deals", first, last, [windows.ID])):
            ids = [row["id"] for row in rows]
            reader.records(self._now(ids, reader.properties, reader.history), batch)
            upto = ids[-1]
            if len(batch) >= CHUNK:
                yield from ((page, upto) for page in reader.pages(batch, None))
                batch = Batch()
        yield from ((page, upto) for page in reader.pages(batch, None))

    @cached_property
    def _window_reader(self) -> Reader:
        """One for all windows that are read: it knows the pipelines, owners and accounts that it has seen."""
        return self._reader(self._pipelines(), self._actors, self._rates())

    def _rates(self) -> list[Record]:
        """The portal's rates to the currency at home; none where they cannot be seen."""
        return rates.read(self._client, self._settings.currency or self._client.account.currency)

    def _reader(self, known: Pipelines, actors: Actors, rated: list[Record]) -> Reader:
        reader = Reader(self._client, self._schema, self._settings, known, actors)
        own = self._client.account.currency
        reader.rates_known = bool(rated) or own not in {None, self._settings.currency or own}
        return reader

    def engagements(self) -> Engagements:
        """Reads activities of all types."""
        return Engagements(self._client, self._schema, self._settings, self._actors)

    @property
    def sees_contacts(self) -> bool:
        """Whether our app may read contacts, which are leads and people on deals."""
        return bool(self._schema.fields(leads.KIND))

    def leads(self) -> LeadPull:
        """Reads leads and what is logged on them."""
        return LeadPull(self._client, self._schema, self._settings, self._actors, self._bin, full=self._full)

    def accounts(self, ids: list[str]) -> Iterator[Page]:
        """These companies."""
        yield Page({"account": people.accounts(self._client, list(filter(str.isdecimal, ids)))})

    @cached_property
    def _actors(self) -> Actors:
        return Actors(people.owners(self._client)[1], self._client.actor)

    def _pipelines(self) -> Pipelines:
        """The pipelines. Raises AccessRefused where our app may not see deals."""
        if not self._schema.fields():
            raise AccessRefused(self._schema.no_deals)
        return pipelines.read(self._client)

    def _deals(self, reader: Reader) -> Iterator[Page]:
        place = self._start(STREAM)
        rows = self._listed(reader, place) if place.since is None else self._changed(reader, place)
        yield from self._batches(reader, rows, place)
        yield Page({}, place.ended().cursor(STREAM))
        yield from self._binned()
        if self._full:
            yield Page({}, present={STREAM: frozenset(reader.present)})
        yield Page({}, feeds=frozenset({"stage_history", "date_history"}))
        if reader.roles_readable:
            present = {"contact_role": frozenset(reader.roles)} if self._full else {}
            yield Page({}, feeds=frozenset({"contact_roles"}), present=present)

    def _start(self, stream: str) -> Place:
        """The start of a stream. A full pass starts again and saves no cursor while an earlier one exists."""
        cursor = None if self._full else self._cursors.get(stream)
        return Place.parse(cursor).begun(self._client.now())

    def _saved(self, place: Place, stream: str, after: str) -> Cursor | None:
        if self._full and stream in self._cursors:
            return None
        return Place(place.since, place.until, after).cursor(stream) if after else None

    def _batches(self, reader: Reader, found: Iterator[tuple[list[Row], str]], place: Place) -> Iterator[Page]:
        batch, after = Batch(), ""
        for rows, after in ahead(found, _AHEAD):
            with uncollected():
                reader.records(rows, batch)
            if len(batch) >= CHUNK:
                yield from reader.pages(batch, self._saved(place, STREAM, after))
                batch = Batch()
        yield from reader.pages(batch, self._saved(place, STREAM, after))

    def _listed(self, reader: Reader, place: Place) -> Iterator[tuple[list[Row], str]]:
        """All deals with their histories, 50 a call; where that address is too long, ids by list and deals by batch."""
        asked = {"properties": reader.properties, "properties_with_history": reader.history}
        try:
            yield from windows.listed(self._client, "deals", place.after, **asked)
        except TooLong:
            for rows, after in windows.listed(self._client, "deals", place.after, properties=["hs_object_id"]):
                yield self._now([row["id"] for row in rows], reader.properties, reader.history), after

    def _changed(self, reader: Reader, place: Place) -> Iterator[tuple[list[Row], str]]:
        """Ids by search, then the deals themselves: an index may be behind, and it has no histories."""
        if place.since is None:
            return
        found = windows.changed(self._client, "deals", place.since, place.after, ["hs_object_id"], stamp=MODIFIED)
        for rows in found:
            ids = [row["id"] for row in rows]
            yield reader.changed(self._now(ids, reader.properties, reader.history_of_change), place.since), ids[-1]

    def _now(self, ids: list[str], properties: list[str], history: list[str]) -> list[Row]:
        """Deals as they stand now, with their histories."""
        pages = windows.batch(self._client, "deals", ids, properties, history)
        return [row for rows in pages for row in rows]

    def _binned(self) -> Iterator[Page]:
        """What people deleted: a list without order by time, so that an incremental pass reads only a short one."""
        for rows in windows.archived(self._client, "deals", self._bin):
            found = [binned(row, to.instant(row.get("archivedAt"))) for row in rows]
            if found:
                yield Page({STREAM: found})

    def _activities(self, actors: Actors, rolled_up: list[str]) -> Iterator[Page]:
        engagements = Engagements(self._client, self._schema, self._settings, actors)
        kinds = [activities.KINDS[source] for source in self._settings.activity.sources]
        read: list[Kind] = []
        for kind in kinds:
            try:
                yield from self._whole_source(kind, engagements)
                read.append(kind)
            except Refused:
                continue  # the feed is late then, and `check` gives the reason
        linked = yield from self._on_deals(engagements, read, rolled_up, whole=read == kinds)
        if kinds and read == kinds and linked:
            present = {"activity": frozenset(engagements.present)} if self._full else {}
            yield Page({}, feeds=frozenset({"activities"}), present=present)

    def _of_leads(self, actors: Actors) -> Iterator[Page]:
        """Leads and what is logged on them; if unreadable, their feed is late and `check` gives the reason."""
        place = self._start(lead_pull.STREAM)
        reader = LeadPull(self._client, self._schema, self._settings, actors, self._bin, full=self._full)
        try:
            yield from reader.pages(place, lambda after: self._saved(place, lead_pull.STREAM, after))
        except Refused:
            return

    def _whole_source(self, kind: Kind, engagements: Engagements) -> Iterator[Page]:
        """The changed records of a type."""
        try:
            yield from self._source(kind, engagements)
        except Refused as error:
            if not self._schema.refusing(kind.type, error):
                raise
            yield from self._whole_source(kind, engagements)

    def _on_deals(
        self, engagements: Engagements, kinds: list[Kind], deals: list[str], *, whole: bool
    ) -> Generator[Page, None, bool]:
        """All activities on these deals, and whether none was refused; else nothing is taken for gone."""
        try:
            yield from engagements.of_deals(kinds, deals, whole=whole)
        except Refused as error:
            if sum(self._schema.refusing(kind.type, error) for kind in kinds):
                return (yield from self._on_deals(engagements, kinds, deals, whole=whole))
            for kind in kinds if len(kinds) > 1 else ():
                yield from self._on_deals(engagements, [kind], deals, whole=False)
            return False
        return True

    def _source(self, kind: Kind, engagements: Engagements) -> Iterator[Page]:
        place = self._start(kind.type)
        yield from engagements.pages(kind, place, lambda after: self._saved(place, kind.type, after))
        yield Page({}, place.ended().cursor(kind.type))
        yield from engagements.binned(kind, self._bin)
