"""Tables with change history: deals and leads. Other records belong to one of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from model.records import LEAD, OPPORTUNITY
from store.codec import WRITE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from model.records import ColumnType

UNTRACKED: Final = {
    "id", "opportunity_id", "activity_hint", "created", "last_edit", "modified", "modified_by", "facts", "ours",
    "unread", "gone", "merged_into",
}  # fmt: skip


@dataclass(frozen=True)
class Parent:
    """A table with change history; `changes` is the table of its field changes."""

    table: str
    types: Mapping[str, ColumnType]
    changes: str

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """A record's columns but its id."""
        return tuple(c for c in self.types if c != "id")

    @cached_property
    def compared(self) -> Callable[[Mapping[str, Any]], Any]:
        """The values of a row that are compared to find a change."""
        return itemgetter(*self.columns)

    @cached_property
    def nothing(self) -> dict[str, None]:
        """A row with no known value."""
        return dict.fromkeys(self.columns)

    @cached_property
    def encoders(self) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
        """The columns that are stored in another form than the record's, with their encoders."""
        written = ((c, WRITE[self.types[c]]) for c in self.columns if c != "unread")
        return tuple((c, encode) for c, encode in written if encode)

    @cached_property
    def tracked(self) -> tuple[str, ...]:
        """Columns with change history."""
        return tuple(c for c in self.types if c not in UNTRACKED)


DEALS: Final = Parent("opportunity", OPPORTUNITY, "field_change")
LEADS: Final = Parent("lead", LEAD, "lead_change")
TRACKED: Final = DEALS.tracked
"""Columns of a deal with change history."""
PARENTS: Final = {parent.table: parent for parent in (DEALS, LEADS)}
