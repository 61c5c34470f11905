"""Reading many records: by list, by batch, and by search in windows that neither ties nor the 10,000 cap can break.

A search is sorted by id and asked again for ids above the last one (`after` is never used): ids have no ties, so any
number of records that changed in one millisecond is read once each, 200 a call. Records that change while a pass runs
and have a lower id are found by the next one, which begins before this one did; that overlap also covers what
the search index has not seen yet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from connectors.hubspot.client import convert as to
from connectors.shared.client.paging import Paging
from model.errors import RetryLater
from model.sync import Cursor, SetAside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connectors.hubspot.client.client import Client

    Rows = list[dict[str, Any]]

OVERLAP: Final = timedelta(minutes=10)
PAGE: Final = 200
LISTED, LISTED_WITH_HISTORY = 100, 50
BATCH: Final = 100
TABLES: Final = {"deals": "opportunity", "contacts": "lead", "companies": "account"}
"""HubSpot's object type → our table, in reasons; all others are activities."""
ID: Final = "hs_object_id"
_ABSENT: Final = {"OBJECT_NOT_FOUND", "NO_ASSOCIATIONS_FOUND"}


@dataclass(frozen=True)
class Place:
    """How far a stream was read.

    `since`: changes from then on are wanted; None: everything, by list. `until`: when this pass began. `after`: the
    last id of a search, or the list's own mark of its next page; "" at the start.
    """

    since: datetime | None = None
    until: datetime | None = None
    after: str = ""

    @classmethod
    def parse(cls, cursor: Cursor | None) -> Place:
        """From a cursor; the start where there is none."""
        raw = orjson.loads(cursor.text) if cursor else {}
        instants = {name: datetime.fromisoformat(raw[name]) for name in ("since", "until") if raw.get(name)}
        return cls(**instants, after=raw.get("after", ""))

    def begun(self, now: datetime) -> Place:
        """The same pass where one goes on, else one that begins now."""
        if self.after and self.until:
            return self
        return replace(self, until=max(now, self.since + OVERLAP) if self.since else now, after="")

    def ended(self) -> Place:
        """Where the next pass begins."""
        return Place(self.until - OVERLAP) if self.until else self

    def cursor(self, stream: str) -> Cursor:
        """For the store."""
        raw = {"since": self.since and self.since.isoformat(), "until": self.until and self.until.isoformat()}
        return Cursor(stream, orjson.dumps(raw | {"after": self.after}).decode())


def results(body: Any, what: str) -> Rows:
    """The rows of a page; raises RetryLater where there are none to be seen."""
    found = body.get("results") if isinstance(body, dict) else None
    if not isinstance(found, list):
        raise RetryLater(f"HubSpot's page of {what} holds no results.")
    return found


def records(client: Client, body: Any, what: str) -> Rows:
    """The rows of a page of records, each with its id as text and its properties; misfits are the client's."""
    rows = client.with_ids(results(body, what), TABLES.get(what, "activity"), "id")
    for row in rows:
        if not isinstance(row.get("properties"), dict):
            row["properties"] = {}
    return rows


def following(body: Any) -> str:
    """The mark of the page that follows; "" for none."""
    for name in ("paging", "next", "after"):
        body = body.get(name) if isinstance(body, dict) else None
    return str(body or "")


def numerical(one: str) -> tuple[int, str]:
    """Sorts ids as the numbers that they are; what is no number comes where its length puts it."""
    return len(one), one


def listed(client: Client, kind: str, after: str = "", **asked: Any) -> Iterator[tuple[Rows, str]]:
    """Pages of all records of a type and the mark of the page that follows ("" for none)."""
    ask = client.api("crm.objects.basic_api").get_page
    most = LISTED_WITH_HISTORY if asked.get("properties_with_history") else LISTED
    paging = Paging(kind)
    while True:
        given: dict[str, Any] = asked | ({"after": after} if after else {})
        body = client.call(ask, kind, limit=most, **given)
        rows, after = records(client, body, kind), following(body)
        if after:
            paging.check(after, len(rows))
        yield rows, after
        if not after:
            return


def changed(
    client: Client, kind: str, since: datetime, after: str, properties: Iterable[str], *, stamp: str
) -> Iterator[Rows]:
    """Pages of the records with a `stamp` of `since` or later, in order of their ids from `after` on."""
    return _searched(client, kind, [_filter(stamp, "GTE", str(to.milliseconds(since)))], after, properties)


def between(client: Client, kind: str, after: str, last: str, properties: Iterable[str]) -> Iterator[Rows]:
    """Pages of the records with ids above `after` up to `last`, in order."""
    return _searched(client, kind, [_filter(ID, "LTE", last)], after, properties)


def total(client: Client, kind: str, first: int = 0, last: int | None = None) -> int:
    """How many records have ids above `first` up to `last`, by the search index."""
    filters = [_filter(ID, "GT", str(first))] + ([_filter(ID, "LTE", str(last))] if last is not None else [])
    found = client.search(kind, _request(filters, [ID]) | {"limit": 1}).get("total")
    return found if isinstance(found, int) else 0


def ends(client: Client, kind: str) -> tuple[int, int]:
    """The lowest and the highest id of a type, by the search index; 0 where there is none."""
    lowest, highest = (
        next((int(row["id"]) for row in records(client, body, kind) if row["id"].isdecimal()), 0)
        for direction in ("ASCENDING", "DESCENDING")
        if (body := client.search(kind, _request([], [ID], direction) | {"limit": 1}))
    )
    return lowest, highest


def _searched(
    client: Client, kind: str, filters: list[dict[str, str]], after: str, properties: Iterable[str]
) -> Iterator[Rows]:
    wanted, last = list(properties), int(after or 0)
    paging = Paging(kind)
    while True:
        above = [_filter(ID, "GT", str(last))] if last else []
        body = client.search(kind, _request([*filters, *above], wanted))
        rows = results(body, kind)
        fresh = [row for row in records(client, body, kind) if row["id"].isdecimal() and int(row["id"]) > last]
        if fresh:
            last = max(int(row["id"]) for row in fresh)
            yield fresh
        if not fresh or (len(rows) < PAGE and not following(body)):  # a page may be short and not the last
            return
        paging.check(str(last), len(fresh))


def _filter(name: str, operator: str, value: str) -> dict[str, str]:
    return {"propertyName": name, "operator": operator, "value": value}


def _request(filters: list[dict[str, str]], properties: list[str], direction: str = "ASCENDING") -> dict[str, Any]:
    return {
        "filterGroups": [{"filters": filters}] if filters else [],
        "sorts": [{"propertyName": ID, "direction": direction}],
        "properties": properties,
        "limit": PAGE,
        "after": "0",
    }


def batch(
    client: Client, kind: str, ids: list[str], properties: list[str], history: list[str] | None = None
) -> Iterator[Rows]:
    """These records as they stand now, 100 a call, 50 with history; those that are not found are left out."""
    ask = client.api("crm.objects.batch_api").read
    for some in chunks(ids, LISTED_WITH_HISTORY if history else BATCH):
        body = {
            "inputs": [{"id": one} for one in some],
            "properties": properties,
            "propertiesWithHistory": history or [],
        }
        before = len(client.misfits)
        rows = batch_records(client, client.call(ask, kind, body), kind)
        client.misfits[before:] = _named(client.misfits[before:], kind, set(some).difference(row["id"] for row in rows))
        yield rows


def _named(misfits: list[SetAside], kind: str, missing: set[str]) -> list[SetAside]:
    """Misfits by the ids that were asked for and did not come, so that they can be asked for again."""
    if not misfits or kind not in TABLES:
        return misfits
    return [SetAside(TABLES[kind], one, misfits[0].reason) for one in sorted(missing)]


def batch_records(client: Client, body: Any, kind: str) -> Rows:
    """The records of a batch read; see found_of."""
    found_of(body, kind)
    return records(client, body, kind)


def found_of(body: Any, what: str) -> Rows:
    """The rows of a batch read. Records that do not exist are left out; any other error raises RetryLater."""
    rows = results(body, what)
    for error in errors_of(body):
        reasons = {str(error.get("subCategory") or "").rpartition(".")[2], str(error.get("category") or "")}
        if reasons.isdisjoint(_ABSENT):
            raise RetryLater(f"HubSpot leaves out some {what}: {error.get('message') or ', '.join(sorted(reasons))}.")
    return rows


def errors_of(body: Mapping[str, Any]) -> Rows:
    """What a 207 lists as errors."""
    listed = body.get("errors")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def archived(client: Client, kind: str, pages: int | None = None) -> Iterator[Rows]:
    """Pages of the records in the bin; with `pages` no more than so many, for the list has no order by time."""
    for read, (rows, _) in enumerate(listed(client, kind, archived=True, properties=["hs_object_id"]), 1):
        yield rows
        if read == pages:
            return


def chunks(ids: list[Any], size: int) -> Iterator[list[Any]]:
    """`ids` in pieces that one call takes."""
    return (ids[start : start + size] for start in range(0, len(ids), size))
