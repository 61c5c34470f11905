"""Lines of a report that are no deals: totals, group headings, repeated headers, and the report's own words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from connectors.tables.cells import is_blank

if TYPE_CHECKING:
    from connectors.tables.reading import Table
    from connectors.tables.sheets import Row

WORDS: Final = (
    r"(?:totals?|sum|count|average|avg|summe|gesamt|gesamtsumme|zwischensumme|anzahl|somme|totaux|totale|totali|totaal|"
    r"subtotaal|suma|razem|summa|toplam|итого|всего|合計|総計|小計|合计|总计|小计)"
)
TOTAL: Final = re.compile(
    rf"(?:(?:grand|sub|report|overall|record|row)[ -]?)?{WORDS}"
    r"(?:\s*[:(=].*|\s+(?:for|of|by|général|generale)\b.*|\s*\d.*)?",
    re.IGNORECASE,
)
ENDS_AS_TOTAL: Final = re.compile(rf".*\b(?:sub)?{WORDS}\s*:?", re.IGNORECASE)
RECORDS: Final = re.compile(r".*\(\s*[\d,.]+\s*(?:records?|deals?|rows?|items?|opportunities)?\s*\)", re.IGNORECASE)
"""A group's heading with how many it has."""
HEADING: Final = re.compile(r".*\s.*|.*:")
"""A cell with a blank or a final colon: in a report with ids that have no blanks, it is a heading and no id."""
RARE: Final = 0.1
HALF: Final = 2
SHOWN: Final = 60


def ids_are_words(table: Table) -> bool:
    """Whether ids of this report have blanks in them, as names have."""
    ids = table.sheet.column(table.columns["id"])
    wordy = sum(HEADING.fullmatch(text) is not None for text in ids)
    return wordy * HALF > len(ids) or wordy > RARE * len(ids) + HALF


def why_no_deal(row: Row, table: Table, *, wordy: bool = False) -> str | None:
    """A sentence where the line is no deal, else None. `wordy`: the report's ids are names."""
    cells = [text for text in row.cells.values() if not is_blank(text)]
    has = {column for column in ("id", "stage_name", "name") if not is_blank(_cell(row, table, column))}
    if _repeats_header(row, table):
        return "repeats the header, so it is no deal"
    if total := _total(row, table, cells, has):
        return f"{total[:SHOWN]!r} is a total of the report, not a deal"
    if len(cells) == 1:
        return f"has only {cells[0][:SHOWN]!r}, so it is no deal"
    if not has & {"stage_name", "name"}:
        return "has neither stage nor name, so it is no deal"
    key = _cell(row, table, "id")
    if HEADING.fullmatch(key) and (not wordy or "stage_name" not in has) and key != _cell(row, table, "name"):
        return f"{key[:SHOWN]!r} is a heading or a remark of the report, not an id"
    return None


def _repeats_header(row: Row, table: Table) -> bool:
    filled = {header: text for header, text in row.cells.items() if text}
    same = sum(header.casefold() == text.casefold() for header, text in filled.items())
    return same == len(filled) > 1 or same > len(table.sheet.headers) / HALF


def _total(row: Row, table: Table, cells: list[str], has: set[str]) -> str | None:
    """The word of a total: in the id, or anywhere where id or stage is missing."""
    key = _cell(row, table, "id")
    if total := next((text for text in (key,) if TOTAL.fullmatch(text) or RECORDS.fullmatch(text)), None):
        return total
    if {"id", "stage_name"} <= has:
        return None
    names = [text for text in cells if TOTAL.fullmatch(text)]
    if "id" not in has:
        names += [text for text in cells if ENDS_AS_TOTAL.fullmatch(text) or RECORDS.fullmatch(text)]
    return next(iter(names), None)


def _cell(row: Row, table: Table, column: str) -> str:
    return row.cells.get(table.columns.get(column, ""), "")
