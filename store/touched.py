"""The deals that a page changed. A run that judges only some deals judges them again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from store.mirror_tables import CHILDREN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from store.sql import Sql


@dataclass(frozen=True)
class Touched:
    """Deals by their CRM id or by their key, collected while a page is written."""

    ids: set[str] = field(default_factory=set)
    keys: set[int] = field(default_factory=set)

    def rows(self, table: str, ids: Iterable[str], keys: Iterable[Any]) -> None:
        """Collect the deals of changed rows: by `ids` of deals, by `keys` of what belongs to a deal."""
        if table == "opportunity":
            self.ids.update(ids)
        elif table in CHILDREN:
            self.keys.update(keys)

    def note(self, sql: Sql, connection: int, seen: int) -> None:
        """Note them."""
        if self.ids or self.keys:
            found = sql.lookup("opportunity", ("key",), connection, "id", self.ids) if self.ids else []
            note_touched(sql, connection, {key for (key,) in found} | self.keys - {0}, seen)


def note_touched(sql: Sql, connection: int, keys: Iterable[int], at: int) -> None:
    """Note deals as touched at an instant, and never before the last judging, whatever the clocks say.

    Until a run has kept what it takes to judge only some deals, nothing is noted.
    """
    for (judged_at,) in sql.rows("SELECT as_of FROM judging WHERE connection = ?", connection):
        rows = [(connection, key, max(at, judged_at)) for key in sorted(keys)]
        sql.upsert("touched_deal", ("connection", "key", "seen_at"), rows, ("connection", "key"))
