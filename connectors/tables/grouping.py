"""A report in groups: what stands only on the first line of a group holds for its other lines, too."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from connectors.tables.footers import why_no_deal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.tables.reading import Table
    from connectors.tables.sheets import Row

GROUPED_BY: Final = ("pipeline", "stage_name", "owner", "account", "team")


def ungrouped(table: Table) -> Iterator[tuple[Row, bool]]:
    """Each row, and whether a column was filled in from the first line of its group.

    A report is in groups where it has lines of totals. It groups by the columns to the left of the id.
    """
    headers = table.sheet.headers
    left = headers[: headers.index(table.columns["id"])]
    groups = [header for column in GROUPED_BY if (header := table.columns.get(column, "")) in left]
    totals = groups and any("total of the report" in (why_no_deal(row, table) or "") for row in table.sheet.rows)
    last: dict[str, str] = {}
    for row in table.sheet.rows:
        if not totals or why_no_deal(row, table):
            yield row, False
            continue
        empty = {header: last[header] for header in groups if not row.cells.get(header) and last.get(header)}
        last |= {header: text for header in groups if (text := row.cells.get(header))}
        yield (replace(row, cells=row.cells | empty), True) if empty else (row, False)
