"""Deals moved back and forward again by policies: what is the same for every CRM."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from model.actions import Receipt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from model.actions import Move, Return

GONE: Final = "the deal is no longer there"
MOVED: Final = "somebody has moved it since"
CHANGED: Final = "somebody has changed it since"
FOUND: Final = "found moved when it was read again"

Wanted: TypeAlias = "dict[str, tuple[str, dict[str, Any]]]"
"""Key of an act → deal, and the fields to write on it."""


class CrmMoves(ABC):
    """Moves of one connection's deals. A row is a deal as the CRM gives it."""

    @property
    @abstractmethod
    def offered(self) -> bool:
        """Whether we may move a deal, and are known: then our moves bind nothing."""

    @abstractmethod
    def move(self, acts: Sequence[Move]) -> dict[str, Receipt]:
        """Receipts by key; a deal that has left the stage is left alone."""

    def back(self, acts: Sequence[Return]) -> dict[str, Receipt]:
        """Restore the values that our move replaced, if all of them are still as we left them."""
        rows = self._now([one.deal for one in acts])
        settled: dict[str, Receipt] = {}
        wanted: Wanted = {}
        for one in acts:
            row = rows.get(one.deal)
            if row is None:
                settled[one.key] = Receipt(one.key, "gone", GONE)
            elif not self._stands(row, one.now):
                settled[one.key] = Receipt(one.key, "skipped", CHANGED)
            else:
                wanted[one.key] = one.deal, self._as_written(one.was)
        return settled | self._sent(wanted, rows, {one.key: dict(one.was) for one in acts})

    def _as_written(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Fields as the CRM takes them."""
        return dict(values)

    @abstractmethod
    def _now(self, deals: Sequence[str]) -> dict[str, Any]:
        """Rows by deal; those that are gone are left out."""

    @abstractmethod
    def _stands(self, row: Any, values: Mapping[str, Any]) -> bool:
        """Whether the row has these values."""

    @abstractmethod
    def _sent(
        self, wanted: Wanted, rows: Mapping[str, Any], after: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, Receipt]:
        """Write and give receipts by key; `after`: the values after the write, in addition to those written."""
