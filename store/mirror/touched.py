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
        """Note them, where a run has kept what it takes to judge only some deals."""
        if not (self.ids or self.keys) or not sql.rows("SELECT 1 FROM judging WHERE connection = ?", connection):
            return
        found = {key for (key,) in sql.lookup("opportunity", ("key",), connection, "id", self.ids)} | self.keys - {0}
        rows = [(connection, key, seen) for key in sorted(found)]
        sql.upsert("touched_deal", ("connection", "key", "seen_at"), rows, ("connection", "key"))
