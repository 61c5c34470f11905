"""Reading calls, mails, meetings, notes and tasks together with what they are on."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias
from zoneinfo import ZoneInfo

from connectors.hubspot.client import windows
from connectors.hubspot.client.faults import ScopeMissing
from connectors.hubspot.client.windows import following, numerical
from connectors.hubspot.pull import activities, links
from connectors.shared.pull import plausible
from connectors.shared.pull.plausible import NONSENSE
from model.helpers.prefetch import ahead
from model.sync import Page, SetAside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connectors.hubspot.client.client import Client
    from connectors.hubspot.client.schema import Schema
    from connectors.hubspot.client.windows import Place, Rows
    from connectors.hubspot.pull.activities import Kind
    from connectors.hubspot.pull.actors import Actors
    from connectors.hubspot.settings import HubspotSettings
    from model.records import Record
    from model.sync import Cursor

Parents: TypeAlias = "dict[str, dict[str, list[str]]]"
"""Engagement's id → type of the other record (deals, contacts, companies) → ids."""
DEALS = 500
"""Deals with activities on one page."""
MODIFIED = "hs_lastmodifieddate"


class Engagements:
    """All object types of activities, one after the other."""

    def __init__(self, client: Client, schema: Schema, settings: HubspotSettings, actors: Actors) -> None:
        self._client, self._schema, self._actors = client, schema, actors
        self._zone = ZoneInfo(settings.zone) if settings.zone else client.account.zone
        wide = settings.activity.roll_up == "contacts"
        self._parents: tuple[str, ...] = ("deals", "contacts", "companies") if wide else ("deals",)
        self.present: set[str] = set()

    def pages(self, kind: Kind, place: Place, saved: Callable[[str], Cursor | None]) -> Iterator[Page]:
        """Pages of one type from `place` on; `saved` makes the cursor of a place within."""
        read = self._listed(kind, place) if place.since is None else self._changed(kind, place)
        for rows, parents, after in read:
            records, aside = self._records(kind, rows, parents)
            self.present.update(record["id"] for record in records)
            cursor = saved(after)
            if records or aside or cursor:
                yield Page({"activity": records} if records else {}, cursor, tuple(aside))

    def between(self, kind: Kind, first: str, last: str) -> Iterator[tuple[Page, str]]:
        """Pages of one type with ids above `first` up to `last`, each with its last id."""
        names = activities.properties(kind, self._schema)
        for rows in ahead(windows.between(self._client, kind.type, first, last, names)):
            ids = [row["id"] for row in rows]
            records, aside = self._records(kind, rows, self._linked(kind, ids))
            yield Page({"activity": records} if records else {}, aside=tuple(aside)), ids[-1]

    def of_deals(self, kinds: list[Kind], deals: list[str], *, whole: bool) -> Iterator[Page]:
        """All activities of deals: an association that comes or goes leaves no stamp on the activity.

        `whole`: `kinds` are all that are read here, so that an activity that is not found has left the deals.
        """
        for some in windows.chunks(deals, DEALS):
            page = Page({"activity": []})
            for kind in kinds:
                found = links.read(self._client, "deals", kind.type, some)
                ids = sorted({link.id for several in found.values() for link in several}, key=numerical)
                for one in self.by_id(kind, ids):
                    page.records["activity"].extend(one.records["activity"])
                    page = replace(page, aside=(*page.aside, *one.aside))
            self.present.update(record["id"] for record in page.records["activity"])
            listed = {"activity": frozenset(some)} if whole and not page.aside else {}
            yield replace(page, whole=listed)

    def by_id(self, kind: Kind, ids: list[str]) -> Iterator[Page]:
        """These records of one type."""
        for rows in windows.batch(self._client, kind.type, ids, activities.properties(kind, self._schema)):
            records, aside = self._records(kind, rows, self._linked(kind, [row["id"] for row in rows]))
            yield Page({"activity": records}, aside=tuple(aside))

    def binned(self, kind: Kind, pages: int | None) -> Iterator[Page]:
        """What people deleted."""
        for rows in windows.archived(self._client, kind.type, pages):
            self.present.difference_update(activities.record_id(kind, row) for row in rows)
            gone: list[Record] = [{"id": activities.record_id(kind, row), "gone": "deleted"} for row in rows]
            if gone:
                yield Page({"activity": gone})

    def _records(self, kind: Kind, rows: Rows, parents: Parents) -> tuple[list[Record], list[SetAside]]:
        made: list[list[Record]] = []
        aside: list[SetAside] = []
        for row in rows:
            try:
                made.append(activities.legible(kind, row, parents.get(row["id"], {}), self._actors, self._zone))
            except NONSENSE as error:
                aside.append(SetAside("activity", activities.record_id(kind, row), f"{type(error).__name__}: {error}"))
        return list(chain.from_iterable(made)), aside

    def _listed(self, kind: Kind, place: Place) -> Iterator[tuple[Rows, Parents, str]]:
        asked = {"properties": activities.properties(kind, self._schema), "associations": list(self._parents)}
        for rows, after in windows.listed(self._client, kind.type, place.after, **asked):
            parents = {row["id"]: _inline(_associations(row)) for row in rows}
            cut = [row["id"] for row in rows if any(map(following, _associations(row).values()))]
            yield rows, parents | (self._linked(kind, cut) if cut else {}), after

    def _changed(self, kind: Kind, place: Place) -> Iterator[tuple[Rows, Parents, str]]:
        """Read associations separately, because searches do not return them."""
        if place.since is None:
            return
        names = activities.properties(kind, self._schema)
        for rows in windows.changed(self._client, kind.type, place.since, place.after, names, stamp=MODIFIED):
            ids = [row["id"] for row in rows]
            yield rows, self._linked(kind, ids), ids[-1]

    def _linked(self, kind: Kind, ids: list[str]) -> Parents:
        parents: Parents = {one: {} for one in ids}
        for other in self._parents:
            for one, found in self._links(kind, other, ids).items():
                parents.setdefault(one, {})[other] = sorted({link.id for link in found}, key=numerical)
        return parents

    def _links(self, kind: Kind, other: str, ids: list[str]) -> dict[str, list[links.Link]]:
        """Companies are not requested again once access is refused; deals and contacts are enough."""
        try:
            return links.read(self._client, kind.type, other, ids)
        except ScopeMissing:
            if other != "companies":
                raise
            self._parents = tuple(one for one in self._parents if one != other)
            return {}


def _associations(row: Mapping[str, Any]) -> dict[str, Any]:
    found = row.get("associations")
    return found if isinstance(found, dict) else {}


def _inline(associations: Mapping[str, Any]) -> dict[str, list[str]]:
    """Associations as a list gives them: an id once for each type, and only the first ones of many."""
    listed = {other: found.get("results") for other, found in associations.items() if isinstance(found, dict)}
    return {
        other: sorted({found for one in several if (found := _id_of(one))}, key=numerical)
        for other, several in listed.items()
        if isinstance(several, list)
    }


def _id_of(one: Any) -> str:
    """The id of an associated record; "" where there is none."""
    try:
        return plausible.identifier(one["id"])
    except NONSENSE:
        return ""
