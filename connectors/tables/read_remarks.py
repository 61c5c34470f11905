"""Sentences about how each file was read: its format, and which column was taken for what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.tables.cells import is_serial
from connectors.tables.headers import rivals
from model.helpers.words import many
from model.sync import Remark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connectors.tables.reading import Table
    from connectors.tables.settings import TablesSettings
    from connectors.tables.sheets import Sheet

LINES: Final = 5
SHOWN: Final = 60
HINT: Final = (
    "is the CRM's own date, which plans and mass mail move too. It is the fact reported_last_activity and no touch: "
    "name a file of activities as files.activities (check: --activities), if touches are to be judged."
)


def reading_remarks(tables: Iterable[Table], settings: TablesSettings) -> list[Remark]:
    """How each file was read."""
    return [remark for table in tables for remark in _of_table(table, settings)]


def _of_table(table: Table, settings: TablesSettings) -> Iterator[Remark]:
    sheet, name = table.sheet, table.sheet.path.name
    yield Remark("ok", f"{sheet.path}: {many(len(sheet.rows), 'row')}, {sheet.form}.")
    if sheet.guessed:
        yield Remark("warning", (
            f"{name} is neither UTF-8 nor UTF-16, and nothing in it names its encoding. Its letters are read as "
            f"{sheet.guessed}, which is a guess: look at the names, and set encoding under files (check: --encoding) "
            "if they are wrong."
        ))  # fmt: skip
    if sheet.lost:
        yield Remark("warning", f"{name}: {many(sheet.lost, 'character')} could not be read and stand as \ufffd.")
    if sheet.titles:
        yield Remark("note", f"{name}: {_above(sheet)}.")
    yield from _columns(table, settings)


def _columns(table: Table, settings: TablesSettings) -> Iterator[Remark]:
    sheet, name = table.sheet, table.sheet.path.name
    named = settings.named(table.name)
    created = table.columns.get("created", "")
    if table.name == "opportunities" and created and not {"creat", "open"} & {created.lower()[:5], created.lower()[:4]}:
        yield Remark("note", f"{name}: {created!r} is taken as the day a deal was created.")
    if header := table.columns.get("reported_last_activity"):
        yield Remark("note", f"{name}: {header!r} {HINT}")
    guessed = [f"{column} = {header!r}" for column, header in table.columns.items() if header not in named.values()]
    if guessed:
        yield Remark("note", f"{name}: read by their headers: {', '.join(guessed)}.")
    for column, others in rivals(table.name, sheet.headers, table.columns).items():
        yield Remark("note", (
            f"{name}: {column} is read from {table.columns[column]!r}. Not from {', '.join(map(repr, others))}, "
            f"which may mean it too: to choose, set {column} under fields (check: --map {column}=HEADER)."
        ))  # fmt: skip
    for header, why in table.passed_over.items():
        yield Remark("warning", f"{name}: {header!r} is passed over: {why}.")
    yield from _serials(table)
    used = {*table.columns.values(), *settings.stage_entered.values()}
    if unused := [header for header in sheet.headers if header not in used and header not in table.passed_over]:
        yield Remark("note", f"{name}: not used: {', '.join(unused)}.")


def _serials(table: Table) -> Iterator[Remark]:
    """Columns whose dates are a spreadsheet's numbers of days."""
    found = {
        header: next(filter(is_serial, table.sheet.column(header)), "")
        for column, header in table.columns.items()
        if table.types[column] in {"date", "instant"}
    }
    for header, text in found.items():
        if text:
            day = table.parsers[next(column for column, one in table.columns.items() if one == header)](text)
            yield Remark("note", (
                f"{table.sheet.path.name}: {header!r} has a spreadsheet's day numbers; {text} is {day:%-d %b %Y}."
            ))  # fmt: skip


def _above(sheet: Sheet) -> str:
    """The titles over the header, the first of them quoted."""
    quoted = "; ".join(repr(title[:SHOWN]) for title in sheet.titles[:LINES])
    more = f" and {len(sheet.titles) - LINES} more" if len(sheet.titles) > LINES else ""
    return f"the header is line {sheet.header_line}, below {quoted}{more}"
