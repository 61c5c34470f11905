"""Rows of one object in memory. A row is a dict in wire form that is never changed, only replaced."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Row: TypeAlias = dict[str, Any]
"""Field name to value as the API shows it: texts, numbers, `2026-01-01`, `2026-01-01T10:00:00.000+0000`."""


class Order:
    """A sorted list of (value, id) of one field: ranges of stamps are found without a scan."""

    def __init__(self, field: str, rows: Iterable[Row]) -> None:
        self.field = field
        self.keys = sorted((r[field], r["Id"]) for r in rows if r[field] is not None)

    def swap(self, old: Row | None, new: Row | None) -> None:
        """Follow one row from its old to its new value."""
        before = old and old[self.field]
        after = new and new[self.field]
        if before == after:
            return
        if old and before is not None:
            del self.keys[bisect_left(self.keys, (before, old["Id"]))]
        if new and after is not None:
            insort(self.keys, (after, new["Id"]))

    def between(self, low: Any, high: Any) -> Iterator[str]:
        """Ids with a value in low..high, both included; None leaves a side open."""
        start = 0 if low is None else bisect_left(self.keys, (low, ""))
        end = len(self.keys) if high is None else bisect_left(self.keys, (high, "~"))
        return (key[1] for key in self.keys[start:end])


class Lookup:
    """Ids by the value of one field."""

    def __init__(self, field: str, rows: Iterable[Row]) -> None:
        self.field = field
        self.ids: dict[Any, dict[str, None]] = {}
        for row in rows:
            self.ids.setdefault(row[field], {})[row["Id"]] = None

    def swap(self, old: Row | None, new: Row | None) -> None:
        """Follow one row from its old to its new value."""
        before, after = old and old[self.field], new and new[self.field]
        if old and new and before == after:
            return
        if old:
            self.ids.get(before, {}).pop(old["Id"], None)
        if new:
            self.ids.setdefault(after, {})[new["Id"]] = None


class Table:
    """All rows of one object, deleted ones too; indexes are made when first asked for and then kept."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: dict[str, Row] = {}
        self._orders: dict[str, Order] = {}
        self._lookups: dict[str, Lookup] = {}
        self.journal: list[tuple[str, str, Row | None]] | None = None
        """Where replaced rows are noted while a transaction runs: table, id, row before."""

    def put(self, row: Row) -> None:
        """Add or replace a row."""
        self.swap(row["Id"], row)

    def swap(self, row_id: str, new: Row | None) -> None:
        """Put this row in place of what has its id; None takes the row away for good."""
        old = self.rows.get(row_id)
        if self.journal is not None:
            self.journal.append((self.name, row_id, old))
        indexes: list[Order | Lookup] = [*self._orders.values(), *self._lookups.values()]
        for index in indexes:
            index.swap(old, new)
        if new is None:
            self.rows.pop(row_id, None)
        else:
            self.rows[row_id] = new

    def load(self, rows: Iterable[Row]) -> None:
        """Add many new rows at once; indexes are made anew when next needed."""
        self._orders.clear()
        self._lookups.clear()
        self.rows.update((row["Id"], row) for row in rows)

    def widen(self, field: str, value: Any) -> None:
        """Give every row a field that was just created."""
        self.rows = {row_id: {**row, field: value} for row_id, row in self.rows.items()}

    def narrow(self, field: str) -> None:
        """Take a field off every row."""
        self._orders.pop(field, None)
        self._lookups.pop(field, None)
        self.rows = {i: {k: v for k, v in row.items() if k != field} for i, row in self.rows.items()}

    def order(self, field: str) -> Order:
        """The sorted index of a field."""
        if field not in self._orders:
            self._orders[field] = Order(field, self.rows.values())
        return self._orders[field]

    def where(self, field: str, value: Any) -> list[Row]:
        """Rows with this value in the field, by index."""
        return [self.rows[i] for i in self.ids_where(field, value)]

    def ids_where(self, field: str, value: Any) -> list[str]:
        """Ids of the rows with this value in the field, by index."""
        if field not in self._lookups:
            self._lookups[field] = Lookup(field, self.rows.values())
        return list(self._lookups[field].ids.get(value, ()))

    def alive(self) -> Iterator[Row]:
        """Rows that are not deleted."""
        return (row for row in self.rows.values() if not row["IsDeleted"])


@dataclass
class LateCommit:
    """A transaction that has run, so that its stamps are set, but is not yet visible."""

    tables: dict[str, Table]
    swaps: list[tuple[str, str, Row | None]]

    def commit(self) -> None:
        """Now it is visible, with the stamps of when it ran."""
        for table, row_id, row in self.swaps:
            self.tables[table].swap(row_id, row)
        self.swaps.clear()
