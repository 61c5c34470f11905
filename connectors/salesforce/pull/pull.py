"""A pull: the streams in order, what each full pass found present, and the feeds that were read to their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.salesforce.client.faults import ObjectGone, Refused
from connectors.salesforce.pull import activities, history, leads, opportunities, org_tables, people
from connectors.salesforce.pull.bulk import Bulk
from connectors.salesforce.pull.streams import Planned, Stream
from model.errors import AccessRefused
from model.subjects import LEADS
from model.sync import Page

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterator, Mapping

    from connectors.salesforce.client.client import Client
    from connectors.salesforce.client.schema import Schema
    from connectors.salesforce.settings import SalesforceSettings
    from model.sync import Cursor


class Pull:
    """One pass over everything that is read from an org."""

    def __init__(
        self,
        client: Client,
        schema: Schema,
        settings: SalesforceSettings,
        cursors: Mapping[str, Cursor],
        *,
        full: bool,
        subjects: Collection[str] = (),
    ) -> None:
        self._client, self._schema, self._settings = client, schema, settings
        self._cursors, self._full, self._subjects = cursors, full, subjects
        self._bulk = Bulk(client, cursors, full=full, above=settings.bulk_above)

    def pages(self) -> Iterator[Page]:
        """Small tables and people first, so that a deal's owner and stage are known when it comes."""
        yield self._small()
        yield from self._read(people.user_stream(self._schema), set())
        yield from self._deals()
        yield from people.accounts(self._client, self._schema, self._cursors.get("opportunity"), full=self._full)
        yield from self._history()
        yield from self._roles()
        yield from self._activities()
        if LEADS.table in self._subjects:
            yield from self._of_leads()

    def _small(self) -> Page:
        home = self._settings.currency or org_tables.organization(self._client, self._schema).currency
        stages = org_tables.stages(self._client, self._schema)
        return Page({"crm_stage": stages, "rate": org_tables.rates(self._client, self._schema, home)})

    def _deals(self) -> Iterator[Page]:
        kinds = org_tables.record_types(self._client, self._schema)
        stream = Stream(
            "opportunity",
            "opportunity",
            opportunities.ENTITY,
            lambda: opportunities.plan(self._client, self._schema, self._settings, kinds),
            exact=True,
        )
        present: set[str] = set()
        if not (yield from self._read(stream, present, needed=True)):
            raise AccessRefused("Our Salesforce user may not read opportunities; give it the object's Read permission.")
        if self._full:
            yield Page({}, present={"opportunity": frozenset(present)})

    def _history(self) -> Iterator[Page]:
        snapshots = history.Snapshots(self._client, self._schema, self._settings)
        try:
            if snapshots.feeds:
                yield from snapshots.pages(self._cursors.get(snapshots.name), full=self._full)
                yield Page({}, feeds=snapshots.feeds)
        except Refused:
            pass  # the feed is late then, and `check` gives the reason
        kinds = org_tables.record_types(self._client, self._schema)
        yield from self._read(history.tracked(self._schema, self._settings, kinds), set())

    def _roles(self) -> Iterator[Page]:
        present: set[str] = set()
        if (yield from self._read(people.role_stream(self._schema), present)):
            yield self._end("contact_roles", "contact_role", present)

    def _activities(self) -> Iterator[Page]:
        made = {
            "task": activities.task_stream(self._schema, self._settings),
            "event": activities.event_stream(self._schema, self._settings),
        }
        present: set[str] = set()
        whole = bool(self._settings.activity.sources)
        for source in self._settings.activity.sources:
            whole &= yield from self._read(made[source], present)
        if whole:
            yield self._end("activities", "activity", present)

    def _of_leads(self) -> Iterator[Page]:
        """Leads and what is logged on them; a feed that may not be read is late, and `check` gives the reason."""
        present: set[str] = set()
        if (yield from self._read(leads.stream(self._schema, self._settings), present)):
            yield self._end("leads", "lead", present)
        logged: set[str] = set()
        whole = bool(self._settings.activity.sources)
        for stream in leads.activity_streams(self._schema, self._settings):
            whole &= yield from self._read(stream, logged)
        if whole:
            yield self._end("lead_activities", "lead_activity", logged)

    def _read(self, stream: Stream, present: set[str], *, needed: bool = False) -> Generator[Page, None, bool]:
        """A stream's pages, and whether it could be read to its end; a full pass notes the ids not in the bin.

        Raises Refused for a stream that is `needed` and can be seen, but not be asked.
        """
        planned = Planned(stream, self._schema)
        if planned.plan is None:
            return False
        try:
            for page in self._bulk.pages(planned):
                if self._full:
                    for record in page.records.get(stream.table, ()):
                        (present.discard if record.get("gone") else present.add)(record["id"])
                    present.update(one.id for one in page.aside)
                yield page
        except Refused as error:
            if needed and not isinstance(error, ObjectGone):
                raise
            return False
        return True

    def _end(self, feed: str, table: str, present: set[str]) -> Page:
        found = {table: frozenset(present)} if self._full else {}
        return Page({}, feeds=frozenset({feed}), present=found)
