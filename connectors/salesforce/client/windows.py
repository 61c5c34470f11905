"""How far a stream was read, and in what pieces: windows that shrink when a query runs out of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from connectors.salesforce.client.faults import ColumnGone, CursorLost, QuerySlow, TooMany
from connectors.shared.pull.convert import instant
from connectors.shared.pull.plausible import NONSENSE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connectors.salesforce.client.client import Client, Rows

ORIGIN: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LOST: Final = 3
_LEAST: Final = timedelta(seconds=2)
_FIRST_LIMIT: Final = 64_000
_LEAST_LIMIT: Final = 2_000


def literal(at: datetime) -> str:
    """An instant in SOQL's format: UTC, whole seconds, no plus sign."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Place:
    """The last row read, by stamp and id; without an id every row of that second is still to be read."""

    at: datetime | None = None
    id: str = ""

    @classmethod
    def parse(cls, saved: str | None) -> Place:
        """From a cursor's text; the start where there is none."""
        raw = orjson.loads(saved) if saved else {}
        return cls(datetime.fromisoformat(raw["at"]) if raw.get("at") else None, raw.get("id", ""))

    def text(self) -> str:
        """For a cursor."""
        return orjson.dumps({"at": literal(self.at) if self.at else None, "id": self.id}).decode()

    def later(self, until: datetime) -> datetime:
        """`until`, or this place where a clock that was set back puts `until` before it."""
        return max(until, self.at) if self.at else until

    def capped(self, until: datetime) -> Place:
        """Never beyond `until`: rows below it may still be committed."""
        return self if self.at is None or self.at < until else Place(until)


class Window(Protocol):
    """A part of a stream that one query reads."""

    def soql(self) -> str:
        """The query from the last row taken on."""

    def take(self, rows: Rows) -> Rows:
        """The rows that are complete with this page; the place moves past them."""

    def restart(self) -> None:
        """Forget what was half read."""

    def shrink(self, now: datetime) -> bool:
        """Ask for half; false where it cannot become smaller."""

    def close(self, now: datetime) -> tuple[Rows, bool]:
        """At the end of a query: rows held back, and whether there is more to read."""


class StampWindow:
    """Rows in order of a stamp and their id."""

    def __init__(self, select: Callable[[], str], stamp: str, place: Place, where: str = "") -> None:
        self._select, self._stamp, self._where = select, stamp, where
        self.place = place
        self._span: timedelta | None = None
        self._top: datetime | None = None

    def soql(self) -> str:
        """The rows after the place, below the top where the window was made smaller."""
        self._top = None if self._span is None else (self.place.at or ORIGIN) + self._span
        parts = [self._where, self._after(), f"{self._stamp} < {literal(self._top)}" if self._top else ""]
        given = " AND ".join(part for part in parts if part)
        return f"{self._select()}{f' WHERE {given}' if given else ''} ORDER BY {self._stamp}, Id"

    def _after(self) -> str:
        if self.place.at is None:
            return ""
        at = literal(self.place.at)
        if not self.place.id:
            return f"{self._stamp} >= {at}"
        return f"({self._stamp} > {at} OR ({self._stamp} = {at} AND Id > '{self.place.id}'))"

    def take(self, rows: Rows) -> Rows:
        """All of them."""
        last = next((found for row in reversed(rows) if (found := self._place_of(row))), None)
        if last:
            self.place = last
        return rows

    def _place_of(self, row: dict[str, Any]) -> Place | None:
        """Where a row stands; None for one without stamp or id."""
        at, one = row.get(self._stamp), row.get("Id")
        try:
            found = instant(at)
        except NONSENSE:
            return None
        return Place(found, one) if found and isinstance(one, str) and one.isalnum() else None

    def restart(self) -> None:
        """Nothing is held back."""

    def shrink(self, now: datetime) -> bool:
        """Half the time that the last query asked for."""
        start = self.place.at or ORIGIN
        self._span = ((self._top or max(now, start + _LEAST * 2)) - start) / 2
        return self._span >= _LEAST

    def close(self, now: datetime) -> tuple[Rows, bool]:
        """A smaller window is followed by one of twice its size, the last one has no top."""
        if self._top is None or self._span is None:
            return [], False
        self.place = Place(self._top)
        self._span = self._span * 2 if self._top + self._span * 2 < now else None
        return [], True


class GroupWindow:
    """Rows in order of a parent id, whole groups only, for histories that are compared row with row."""

    def __init__(self, select: Callable[[], str], parent: str, order: str, after: str = "") -> None:
        self._select, self._parent, self._order = select, parent, order
        self.after = after
        self._limit: int | None = None
        self._held: Rows = []
        self._seen, self._from = 0, after

    def soql(self) -> str:
        """The groups after the last whole one."""
        self._seen, self._from = 0, self.after
        where = f" WHERE {self._parent} > '{self.after}'" if self.after else ""
        limit = f" LIMIT {self._limit}" if self._limit else ""
        return f"{self._select()}{where} ORDER BY {self._parent}, {self._order}{limit}"

    def take(self, rows: Rows) -> Rows:
        """The groups that are followed by another one."""
        self._seen += len(rows)
        held = self._held + [
            row for row in rows if isinstance(row.get(self._parent), str) and row[self._parent].isalnum()
        ]
        last = held[-1][self._parent] if held else ""
        cut = next((n for n in range(len(held) - 1, -1, -1) if held[n][self._parent] != last), -1) + 1
        self._held = held[cut:]
        if cut:
            self.after = held[cut - 1][self._parent]
        return held[:cut]

    def restart(self) -> None:
        """Half a group is read again."""
        self._held = []

    def shrink(self, now: datetime) -> bool:
        """Half as many rows."""
        del now
        self._limit = (self._limit or _FIRST_LIMIT) // 2
        return self._limit >= _LEAST_LIMIT

    def close(self, now: datetime) -> tuple[Rows, bool]:
        """The last group is whole only where nothing follows; a group larger than the limit raises it."""
        del now
        if self._limit and self._seen >= self._limit:
            self._limit = self._limit if self.after != self._from else self._limit * 2
            return [], True
        held, self._held = self._held, []
        return held, False


class _Patience:
    """What may go wrong while a window is read, and how often."""

    def __init__(self, client: Client, window: Window, describe_again: Callable[[], None]) -> None:
        self._client, self._window, self._describe_again = client, window, describe_again
        self._lost, self._described = 0, False

    def bear(self, error: QuerySlow | CursorLost | ColumnGone) -> None:
        """Make the next attempt possible, or raise `error`."""
        if isinstance(error, QuerySlow):
            hopeless = not self._window.shrink(self._client.now())
        elif isinstance(error, CursorLost):
            self._lost += 1
            hopeless = self._lost > _LOST
        else:
            hopeless, self._described = self._described, True
        if hopeless:
            raise error
        if isinstance(error, ColumnGone):
            self._describe_again()


def read(
    client: Client,
    window: Window,
    *,
    deleted: bool,
    describe_again: Callable[[], None],
    exact: bool = True,
    most: int | None = None,
) -> Iterator[Rows]:
    """All rows of a window, page by page, through lost cursors, slow queries and one change of columns.

    Raises TooMany before the first page of more than `most` rows, and of a query that is too slow to count them.
    """
    patience = _Patience(client, window, describe_again)
    more = True
    while more:
        window.restart()
        try:
            for page in client.pages(window.soql(), deleted=deleted, exact=exact, most=most):
                most = None
                yield window.take(page)
        except (QuerySlow, CursorLost, ColumnGone) as error:
            if most is not None and isinstance(error, QuerySlow):
                raise TooMany from None
            patience.bear(error)
        else:
            rest, more = window.close(client.now())
            yield rest


def id_list(ids: list[str]) -> str:
    """Ids for IN (…); whatever is no id is left out, so nothing can break out of the quotes."""
    return ", ".join(f"'{one}'" for one in ids if isinstance(one, str) and one.isascii() and one.isalnum())


def chunks(ids: list[Any], size: int = 200) -> Iterator[list[Any]]:
    """`ids` in pieces that fit into an address."""
    return (ids[start : start + size] for start in range(0, len(ids), size))
