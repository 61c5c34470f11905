"""Our tasks on deals, known again by their keys: what is the same for every CRM."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final

from connectors.shared.push.operations import handed
from model.actions import Receipt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from model.actions import Close, Hand, Remove, Task

NEVER: Final = "no task stands under its key"
DONE: Final = "somebody has completed the task"
FOUND: Final = "found when it was looked up"


class CrmTasks(ABC):
    """Tasks of one connection. A row is a task as the CRM gives it; each method returns receipts by key."""

    @property
    @abstractmethod
    def offered(self) -> bool:
        """Whether tasks can carry our key. By the key we recognise our own tasks, which are no touch."""

    @abstractmethod
    def make(self, tasks: Sequence[Task]) -> dict[str, Receipt]:
        """Make those that do not stand yet; what stands under a key is left as it is."""

    def hand(self, acts: Sequence[Hand]) -> dict[str, Receipt]:
        """Give those that are open, and still with whom they went to, to somebody else; one that moved on is left."""
        there, still = self._looked_up(acts)
        wanted = {
            one.key: (still[one.key], one)
            for one in acts if one.key in still and self._owner(still[one.key]) == one.was
        }  # fmt: skip
        return self._left(acts, there, still) | handed(acts, self._hand(wanted), still)

    def close(self, acts: Sequence[Close]) -> dict[str, Receipt]:
        """Complete those that are still open."""
        there, still = self._looked_up(acts)
        return self._left(acts, there, still) | (self._close(still) if still else {})

    def remove(self, acts: Sequence[Remove]) -> dict[str, Receipt]:
        """Delete those that nobody has completed."""
        there, still = self._looked_up(acts)
        return self._left(acts, there, still) | (self._remove(still) if still else {})

    def _looked_up(self, acts: Sequence[Close | Hand | Remove]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Rows by key, and those of them that are open."""
        there = self._standing([one.key for one in acts])
        return there, {key: row for key, row in there.items() if self._is_open(row)}

    def _left(
        self, acts: Sequence[Close | Hand | Remove], there: Mapping[str, Any], still: Mapping[str, Any]
    ) -> dict[str, Receipt]:
        """Receipts of those that nothing is to be done about."""
        done = [one.key for one in acts if one.key not in still]
        return {key: Receipt(key, "skipped", self._why_left(there[key]) if key in there else NEVER) for key in done}

    def _why_left(self, row: Any) -> str:
        """Why a task that is not open is left."""
        del row
        return DONE

    @abstractmethod
    def _standing(self, keys: Sequence[str]) -> dict[str, Any]:
        """Rows by key."""

    @abstractmethod
    def _is_open(self, row: Any) -> bool:
        """Whether nobody has completed or deleted it."""

    @abstractmethod
    def _owner(self, row: Any) -> str | None:
        """Who has the task."""

    @abstractmethod
    def _hand(self, wanted: Mapping[str, tuple[Any, Hand]]) -> dict[str, Receipt]:
        """Change owner and title."""

    @abstractmethod
    def _close(self, rows: Mapping[str, Any]) -> dict[str, Receipt]:
        """Complete these."""

    @abstractmethod
    def _remove(self, rows: Mapping[str, Any]) -> dict[str, Receipt]:
        """Delete these."""
