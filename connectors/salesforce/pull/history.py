"""What happened to opportunities: stage changes, moves of amount and close date, tracked fields."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import orjson

from connectors.salesforce.client import convert as to
from connectors.salesforce.client.windows import GroupWindow, Place, StampWindow, chunks, id_list, literal, read
from connectors.salesforce.pull import opportunities
from connectors.salesforce.pull.streams import HISTORY_OVERLAP, Plan, Row, Stream
from connectors.shared.pull.mapping import column_paths
from connectors.shared.pull.plausible import NONSENSE
from connectors.shared.record_ids import full_id
from model.sync import Cursor, Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from connectors.salesforce.client.client import Client, Rows
    from connectors.salesforce.client.convert import Converter
    from connectors.salesforce.client.schema import Schema
    from connectors.salesforce.settings import SalesforceSettings
    from model.records import Record

SNAPSHOTS: Final = "OpportunityHistory"
TRACKED: Final = "OpportunityFieldHistory"
RETENTION_DAYS: Final = 548
"""Field history is kept for 18 months (docs/salesforce-api.md)."""
_PARENT: Final = "OpportunityId"
_SNAPSHOT: Final = ("Id", _PARENT, "StageName", "Amount", "CloseDate", "CreatedDate", "CreatedById")
_VALUES: Final = {"amount": ("Amount", to.money_text), "close_date": ("CloseDate", to.day_text)}


def changes_of(rows: Rows, wanted: Iterable[str]) -> tuple[list[Record], list[Record]]:
    """Stage changes and field changes of one deal's snapshots; `wanted`: columns to report moves of."""
    rows = sorted(filter(_dated, rows), key=itemgetter("CreatedDate", "Id"))
    stages: list[Record] = []
    moves: list[Record] = []
    before: Row | None = None
    for row in rows:
        if before is None or before["StageName"] != row["StageName"]:
            stages.append(_stage_change(row))
        if before is not None:
            moves += [move for name in wanted if (move := _move(name, before, row))]
        before = row
    return stages, moves


def _dated(row: Row) -> bool:
    """Whether a snapshot says when it was taken, and of what."""
    try:
        stage, found = row.get("StageName"), to.instant(row["CreatedDate"])
    except NONSENSE:
        return False
    return found is not None and isinstance(row.get("Id"), str) and (stage is None or isinstance(stage, str))


def _stage_change(row: Row) -> Record:
    return {
        "id": row["Id"],
        "opportunity_id": row[_PARENT],
        "at": to.instant(row["CreatedDate"]),
        "stage_name": to.text(row["StageName"]),
        "pipeline": None,
        "actor_id": row.get("CreatedById"),
    }


def _move(name: str, before: Row, row: Row) -> Record | None:
    field, convert_value = _VALUES[name]
    if field not in row or before[field] == row[field]:
        return None
    try:
        was, now = convert_value(before[field]), convert_value(row[field])
    except NONSENSE:
        return None  # a value that makes no sense is no move
    return _field_change(row, f"{row['Id']}:{name}", name, was, now)


def _field_change(row: Row, key: str, name: str, before: Any, after: Any) -> Record:
    return {
        "id": key,
        "opportunity_id": row[_PARENT],
        "field": name,
        "before": before,
        "after": after,
        "changed_at": to.instant(row["CreatedDate"]),
        "actor_id": row.get("CreatedById"),
        "origin": "crm",
    }


def _deals_of(rows: Rows) -> list[str]:
    return list(dict.fromkeys(one for row in rows if isinstance(one := row.get(_PARENT), str)))


class Snapshots:
    """OpportunityHistory: whole deals at a time, because a row has a meaning only together with the one before it."""

    name = "opportunity_history"

    def __init__(self, client: Client, schema: Schema, settings: SalesforceSettings) -> None:
        self._client, self._schema = client, schema
        paths = column_paths(opportunities.COLUMNS, settings)
        self._wanted = [name for name, (field, _) in _VALUES.items() if paths[name] == field]

    @property
    def feeds(self) -> frozenset[str]:
        """The feeds that it gives: none where our user may not read it; no dates where those are hidden or mapped."""
        entity = self._schema.entity(SNAPSHOTS)
        if entity is None or "StageName" not in entity.fields:
            return frozenset()
        dates = "close_date" in self._wanted and "CloseDate" in entity.fields
        return frozenset({"stage_history", "date_history"} if dates else {"stage_history"})

    @property
    def columns(self) -> frozenset[str]:
        """Columns of a deal that every row has, so that they are known since creation."""
        entity = self._schema.entity(SNAPSHOTS)
        if entity is None or not self.feeds:
            return frozenset()
        values = {name for name in self._wanted if _VALUES[name][0] in entity.fields}
        return frozenset({"stage_name", "is_closed", "is_won", *values})

    def pages(self, cursor: Cursor | None, *, full: bool) -> Iterator[Page]:
        """All deals in order of their id, or whole deals that have rows since the cursor."""
        until = Place.parse(cursor.text if cursor else None).later(self._client.now() - HISTORY_OVERLAP)
        saved = orjson.loads(cursor.text) if cursor else {}
        first = full or "at" not in saved
        if first:
            yield from self._all(
                "" if full else saved.get("after", ""), saved.get("until") or literal(until), keep=not (full and cursor)
            )
        else:
            yield from self._since(Place.parse(cursor.text if cursor else None), until)
        end = (
            Place(until).text()
            if not first or full
            else orjson.dumps({"at": saved.get("until") or literal(until)}).decode()
        )
        yield Page({}, Cursor(self.name, end))

    def _all(self, after: str, until: str, *, keep: bool) -> Iterator[Page]:
        window = GroupWindow(self._select, _PARENT, "CreatedDate, Id", after)
        for rows in read(self._client, window, deleted=False, describe_again=self._schema.forget):
            text = orjson.dumps({"after": window.after, "until": until}).decode()
            yield self._page(rows, Cursor(self.name, text) if keep and window.after else None)

    def _since(self, place: Place, until: datetime) -> Iterator[Page]:
        window = StampWindow(lambda: f"SELECT Id, {_PARENT}, CreatedDate FROM {SNAPSHOTS}", "CreatedDate", place)
        for rows in read(self._client, window, deleted=False, describe_again=self._schema.forget):
            found = [row for some in chunks(_deals_of(rows)) for row in self.of(some)]
            if found:
                yield self._page(found, Cursor(self.name, window.place.capped(until).text()))

    def page_of(self, deals: list[str]) -> Iterator[Page]:
        """The histories of some deals; none where our user may not read them."""
        if self.feeds:
            yield self._page(self.of(deals), None)

    def pages_with(self, ids: list[str]) -> Iterator[Page]:
        """The histories of the deals of these snapshots."""
        query = f"SELECT Id, {_PARENT} FROM {SNAPSHOTS} WHERE Id IN ({id_list(ids)})"
        if self.feeds and (deals := _deals_of(self._client.rows(query))):
            yield from self.page_of(deals)

    def of(self, deals: list[str]) -> Rows:
        """All snapshots of some deals."""
        where = f"{_PARENT} IN ({id_list(deals)})"
        rows = self._client.rows(f"{self._select()} WHERE {where} ORDER BY {_PARENT}, CreatedDate, Id")
        return [row for row in rows if isinstance(row.get(_PARENT), str)]

    def _select(self) -> str:
        entity = self._schema.entity(SNAPSHOTS)
        return f"SELECT {', '.join(entity.having(_SNAPSHOT) if entity else _SNAPSHOT)} FROM {SNAPSHOTS}"

    def _page(self, rows: Rows, cursor: Cursor | None) -> Page:
        stages: list[Record] = []
        moves: list[Record] = []
        for _, deal in groupby(rows, key=itemgetter(_PARENT)):
            some, others = changes_of(list(deal), self._wanted)
            stages += some
            moves += others
        return Page({"stage_change": stages, "field_change": moves}, cursor)


def tracked(schema: Schema, settings: SalesforceSettings, kinds: Mapping[str, tuple[str, str]]) -> Stream:
    """OpportunityFieldHistory: next step, owner, record type and mapped fields, where the org tracks them.

    `kinds`: record type's id → label, which is the pipeline, and developer name.
    """

    def plan() -> Plan | None:
        entity = schema.entity(TRACKED)
        if entity is None:
            return None
        names = tracked_names(schema, settings)
        names["RecordType"] = ("pipeline", lambda value: kinds.get(str(value or ""), (None,))[0])
        fields = ("Id", _PARENT, "Field", "DataType", "OldValue", "NewValue", "CreatedDate", "CreatedById")
        return Plan(tuple(entity.having(fields)), lambda row: _tracked(row, names))

    return Stream(
        "opportunity_field_history", "field_change", TRACKED, plan,
        stamp="CreatedDate", overlap=HISTORY_OVERLAP, deleted=False, exact=True,
    )  # fmt: skip


def tracked_names(schema: Schema, settings: SalesforceSettings) -> dict[str, tuple[str, Converter]]:
    """Field of the history → our name and converter; fields that snapshots cover are left out."""
    covered = {field for field, _ in _VALUES.values()}
    names: dict[str, tuple[str, Converter]] = {}
    for mapped in opportunities.columns(schema, settings):
        if mapped.name in ("next_step", "deal_type", "source", "amount", "close_date") and mapped.path not in covered:
            how = to.money_text if mapped.name == "amount" else to.day_text if mapped.name == "close_date" else to.text
            names[mapped.path] = (mapped.name, how)
    names["Owner"] = ("owner_id", to.text)
    for mapped in opportunities.mapped_facts(schema, settings):
        names.setdefault(mapped.path, (mapped.name, mapped.convert))
    return names


def _tracked(row: Row, names: Mapping[str, tuple[str, Converter]]) -> Record | None:
    field = row.get("Field")
    if not isinstance(field, str) or field not in names:
        return None
    name, how = names[field]
    before, after = row.get("OldValue"), row.get("NewValue")
    if before is None and after is None:
        return None  # a long text has no values, only the fact that it changed
    if name in ("owner_id", "pipeline") and not _of_ids(row, before, after):
        return None  # lookups come twice: as names and as ids
    return _field_change(row, row["Id"], name, how(_plain(before)), how(_plain(after)))


def _of_ids(row: Row, before: Any, after: Any) -> bool:
    """Whether a lookup's row has ids; decided by the values if the org does not give the kind."""
    if "DataType" in row:
        return bool(row["DataType"] == "EntityId")
    return all(full_id(str(value)) for value in (before, after) if value is not None)


def _plain(value: Any) -> Any:
    """Checkboxes come as text in some versions."""
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
