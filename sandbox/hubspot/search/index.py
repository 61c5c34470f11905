"""What searches see: each record as it was some seconds ago."""

from __future__ import annotations

from bisect import insort
from collections import OrderedDict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.hubspot.records.table import Record, Shelf


_MOST_KEPT = 16


class Index:
    """The search index of one object type."""

    def __init__(self) -> None:
        self.seen: dict[int, dict[str, str]] = {}
        self.ids: list[int] = []
        """Ids of what is seen, sorted."""
        self._kept: OrderedDict[bytes, list[int]] = OrderedDict()
        """Answers to questions that were asked of what is seen now."""
        self._pending: deque[tuple[int, int, dict[str, str]]] = deque()

    def note(self, record: Record, ready: int) -> None:
        """A record changed; the change is seen from `ready` on."""
        self._pending.append((ready, record.id, record.props))

    def drop(self, number: int) -> None:
        """An archived record is not found any more."""
        if self.seen.pop(number, None) is not None:
            self.ids.remove(number)
            self._kept.clear()

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
            self._kept.clear()

    def once(self, question: bytes, answer: Callable[[], list[int]]) -> list[int]:
        """The answer to a question, worked out again only when something new is seen."""
        if question not in self._kept:
            self._kept[question] = answer()
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return self._kept[question]

    def settle(self, shelf: Shelf) -> None:
        """See everything as it stands."""
        self._pending.clear()
        self.seen = {record.id: record.props for record in shelf.alive()}
        self.ids = list(self.seen)
        self._kept.clear()
