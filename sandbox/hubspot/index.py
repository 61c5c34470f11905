"""What searches see: each record as it was some seconds ago."""

from __future__ import annotations

from bisect import insort
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.hubspot.records import Record, Shelf


class Index:
    """The search index of one object type."""

    def __init__(self) -> None:
        self.seen: dict[int, dict[str, str]] = {}
        self.ids: list[int] = []
        """Ids of what is seen, sorted."""
        self.generation = 0
        """Grows whenever something new is seen."""
        self._pending: deque[tuple[int, int, dict[str, str]]] = deque()

    def note(self, record: Record, ready: int) -> None:
        """A record changed; the change is seen from `ready` on."""
        self._pending.append((ready, record.id, record.props))

    def drop(self, number: int) -> None:
        """An archived record is not found any more."""
        if self.seen.pop(number, None) is not None:
            self.ids.remove(number)
            self.generation += 1

    def refresh(self, shelf: Shelf, now: int) -> None:
        """See what is ready by now."""
        while self._pending and self._pending[0][0] <= now:
            _, number, props = self._pending.popleft()
            record = shelf.rows.get(number)
            if record is None or record.archived_at is not None or record.merged_into is not None:
                continue
            if number not in self.seen:
                insort(self.ids, number)
            self.seen[number] = props
            self.generation += 1

    def settle(self, shelf: Shelf) -> None:
        """See everything as it stands."""
        self._pending.clear()
        self.seen = {record.id: record.props for record in shelf.alive()}
        self.ids = list(self.seen)
        self.generation += 1
