"""A stream: rows of one object in order of a stamp, converted to records of one table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from connectors.salesforce.client.windows import Place, StampWindow, read
from connectors.shared.pull.rows import convert
from model.sync import Cursor, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from connectors.salesforce.client.client import Client, Rows
    from connectors.salesforce.client.schema import Schema
    from model.records import Record

Row: TypeAlias = "dict[str, Any]"

OVERLAP: Final = timedelta(minutes=10)
HISTORY_OVERLAP: Final = timedelta(hours=1)
"""History rows may lag behind the save that made them."""


@dataclass(frozen=True)
class Plan:
    """The columns to select, and how a row becomes a record (None: the row does not belong to us)."""

    select: tuple[str, ...]
    record: Callable[[Row], Record | None]


@dataclass(frozen=True)
class Stream:
    """`plan` makes a Plan from what can be seen now, or None where the object or its stamp cannot be read."""

    name: str
    table: str
    entity: str
    plan: Callable[[], Plan | None]
    stamp: str = "SystemModstamp"
    overlap: timedelta = OVERLAP
    where: str = ""
    deleted: bool = True
    exact: bool = False
    """Its numbers are money."""


class Planned:
    """A stream's plan, made anew when the columns have changed."""

    def __init__(self, stream: Stream, schema: Schema) -> None:
        self.stream, self._schema = stream, schema
        self.plan = stream.plan()

    def again(self) -> None:
        """Describe again and plan again."""
        self._schema.forget()
        self.plan = self.stream.plan()

    def select(self) -> str:
        """SELECT … FROM …"""
        fields = self.plan.select if self.plan else ("Id",)
        return f"SELECT {', '.join(fields)} FROM {self.stream.entity}"

    def soql(self) -> str:
        """The query for all rows, in no order."""
        return f"{self.select()} WHERE {self.stream.where}" if self.stream.where else self.select()

    def types(self) -> dict[str, str]:
        """Each column that is selected, with its type in the org."""
        found = {path: self._schema.field(self.stream.entity, path) for path in (self.plan.select if self.plan else ())}
        return {path: field.type if field else "" for path, field in found.items()}

    def found(self, client: Client, where: str) -> Iterator[Page]:
        """The rows for which a condition holds."""
        for rows in client.pages(
            f"{self.select()} WHERE {where}", deleted=self.stream.deleted, exact=self.stream.exact
        ):
            yield self.page(rows)

    def page(self, rows: Rows, cursor: Cursor | None = None) -> Page:
        """The rows as a page of records."""
        records, aside = convert(self.stream.table, rows, self.plan.record if self.plan else _nothing, "Id")
        return Page({self.stream.table: records}, cursor, tuple(aside))


def pages(client: Client, planned: Planned, cursor: Cursor | None, *, full: bool, most: int | None) -> Iterator[Page]:
    """Pages of a stream from its cursor on, or from the start; the last one has the cursor for next time.

    A full pass saves no cursor while an earlier one exists, because that one stays right until the pass ends. Raises
    TooMany before the first page of more than `most` rows.
    """
    stream = planned.stream
    place = Place() if full or cursor is None else Place.parse(cursor.text)
    until = place.later(client.now() - stream.overlap)
    for rows, at in since(client, planned, place, most=most):
        saved = None if full and cursor else Cursor(stream.name, at.capped(until).text())
        yield planned.page(rows, saved)
    yield Page({}, Cursor(stream.name, Place(until).text()))


def since(client: Client, planned: Planned, place: Place, *, most: int | None = None) -> Iterator[tuple[Rows, Place]]:
    """The rows of a stream from a place on, with the place of the last one of each page."""
    stream = planned.stream
    window = StampWindow(planned.select, stream.stamp, place, stream.where)
    how: dict[str, Any] = {"deleted": stream.deleted, "exact": stream.exact, "most": most}
    for rows in read(client, window, describe_again=planned.again, **how):
        if rows:
            yield rows, window.place


def simple(schema: Schema, entity: str, needed: Iterable[str], record: Callable[[Row], Record | None]) -> Plan | None:
    """A plan that selects what can be read of `needed`; its record function asks with `row.get`."""
    seen = schema.entity(entity)
    return Plan(tuple(seen.having(needed)), record) if seen else None


def _nothing(row: Row) -> None:
    del row
