"""Lines of a report that are no deals: totals, headers repeated on each page, and the report's own words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from connectors.tables.values import BLANK

if TYPE_CHECKING:
    from connectors.tables.reading import Table
    from connectors.tables.sheet import Row

TOTAL: Final = re.compile(
    r"((grand|sub|report|overall)[ -]?)?(totals?|sum|count|average)(\s*[:(=].*|\s+(for|of|by)\b.*|\s*\d.*)?",
    re.IGNORECASE,
)
SHOWN: Final = 60


def why_no_deal(row: Row, table: Table) -> str | None:
    """A sentence where the line is no deal, else None."""
    cells = [text for text in row.cells.values() if text]
    has = {column for column in ("id", "stage_name", "name") if _cell(row, table, column).lower() not in BLANK}
    if tuple(row.cells.values()) == table.sheet.headers:
        return "repeats the header, so it is no deal"
    if not {"id", "stage_name"} <= has and (total := next(filter(TOTAL.fullmatch, cells), None)):
        return f"{total[:SHOWN]!r} is a total of the report, not a deal"
    if len(cells) == 1:
        return f"has only {cells[0][:SHOWN]!r}, so it is no deal"
    if not has & {"stage_name", "name"}:
        return "has neither stage nor name, so it is no deal"
    return None


def _cell(row: Row, table: Table, column: str) -> str:
    return row.cells.get(table.columns.get(column, ""), "")
