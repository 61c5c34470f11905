"""Records of one object type in memory, with each value's history. Values are texts; absent is never set."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from sandbox.hubspot.clock import iso

if TYPE_CHECKING:
    from collections.abc import Iterator


class Source(NamedTuple):
    """Who or what wrote a value."""

    type: str
    id: str | None = None
    label: str | None = None
    user_id: int | None = None


CALCULATED = Source("CALCULATED")


class Version(NamedTuple):
    """A value from an instant on."""

    value: str
    at: int
    source: Source

    def body(self) -> dict[str, Any]:
        """As the API shows it."""
        source = self.source
        found: dict[str, Any] = {"value": self.value, "timestamp": iso(self.at), "sourceType": source.type}
        if source.id is not None:
            found["sourceId"] = source.id
        if source.label is not None:
            found["sourceLabel"] = source.label
        if source.user_id is not None:
            found["updatedByUserId"] = source.user_id
        return found


class Record:
    """One record. `props` is replaced as a whole, so that a search may keep an older one."""

    __slots__ = ("archived_at", "created", "history", "id", "merged_into", "props", "updated")

    def __init__(self, number: int, created: int) -> None:
        self.id = number
        self.created = self.updated = created
        self.props: dict[str, str] = {}
        self.history: dict[str, list[Version]] = {}
        """Versions by property, oldest first."""
        self.archived_at: int | None = None
        self.merged_into: int | None = None

    def put(self, values: dict[str, str], source: Source, at: int, most: int) -> list[str]:
        """Take values; the names of those that differ. A history keeps its newest `most` versions."""
        changed = [name for name, value in values.items() if self.props.get(name, "") != value]
        if changed:
            self.props = {**self.props, **{name: values[name] for name in changed}}
        for name in changed:
            versions = self.history.setdefault(name, [])
            versions.append(Version(values[name], at, source))
            del versions[:-most]
        return changed

    def fill(self, values: dict[str, str]) -> bool:
        """Take calculated values, which keep no history; whether one of them differs."""
        changed = any(self.props.get(name, "") != value for name, value in values.items())
        if changed:
            self.props = {**self.props, **values}
        return changed

    def moved(self, name: str, at: int) -> None:
        """Any change, also an internal one, moves the date of the last change, which this property tells."""
        self.updated = max(at, self.updated)
        self.props = {**self.props, name: iso(self.updated)}

    def versions(self, name: str) -> list[dict[str, Any]]:
        """A property's history as the API shows it, newest first."""
        return [version.body() for version in reversed(self.history.get(name, ()))]


class Shelf:
    """All records of an object type by id, archived ones too; ids only grow."""

    def __init__(self, first: int) -> None:
        self.rows: dict[int, Record] = {}
        self.ids: list[int] = []
        self._next = first

    def new(self, created: int) -> Record:
        """A record with the next id."""
        record = Record(self._next, created)
        self._next += 7
        self.rows[record.id] = record
        self.ids.append(record.id)
        return record

    def find(self, text: Any) -> Record | None:
        """A record by its id as text, archived or not."""
        digits = str(text)
        return self.rows.get(int(digits)) if digits.isascii() and digits.isdigit() else None

    def purge(self, number: int) -> None:
        """Gone for good."""
        del self.rows[number]
        self.ids.pop(bisect_left(self.ids, number))

    def after(self, number: int, *, archived: bool) -> Iterator[Record]:
        """Records with a higher id, in the order of ids."""
        for index in range(bisect_right(self.ids, number), len(self.ids)):
            record = self.rows[self.ids[index]]
            if record.merged_into is None and (record.archived_at is not None) == archived:
                yield record

    def alive(self) -> Iterator[Record]:
        """Records that are neither archived nor merged away."""
        return self.after(0, archived=False)
