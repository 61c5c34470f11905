"""What a pass proves to be gone. A record that was set aside is still in the CRM, whatever could not be read of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from model.records import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from model.sync import Page, SetAside

Listed = dict[str, frozenset[str]]


class Absence:
    """The records that one pass has set aside, by table."""

    def __init__(self) -> None:
        self._aside: dict[str, set[str]] = defaultdict(set)

    def proved(self, page: Page) -> Page:
        """The page without lists that would make the store take such a record for gone."""
        self._note(page.aside)
        if not (page.present or page.whole or page.asked):
            return page
        mine = Absence()
        mine._note(page.aside)
        whole = {table: ids for table, ids in page.whole.items() if not mine._of(table)}
        asked = {table: ids - self._of(table) for table, ids in page.asked.items() if "" not in self._of(table)}
        return replace(page, present=self._with_aside(page.present), whole=whole, asked=asked)

    def _with_aside(self, present: Mapping[str, frozenset[str]]) -> Listed:
        """Of each table the ids that are there. A table with a record without an id is left out."""
        return {table: ids | self._of(table) for table, ids in present.items() if "" not in self._of(table)}

    def _note(self, aside: Iterable[SetAside]) -> None:
        for one in aside:
            self._aside[one.table if one.table in COLUMNS else ""].add(one.id)

    def _of(self, table: str) -> set[str]:
        """Ids set aside in a table; "" among them for a record without an id, which may be of any table."""
        return self._aside[table] | self._aside[""]
