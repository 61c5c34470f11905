"""Rows into typed values: one parser a column, made by looking at the whole column."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from connectors.tables.cells import (
    BadValue,
    currency_in,
    currency_of,
    decimal_mark,
    is_blank,
    order_of,
    parse_amount,
    parse_date,
    parse_instant,
    parse_yes,
    probability,
    whole_or_real,
)  # fmt: skip
from model.facts import FACTS
from model.records import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.tables.headers import Columns
    from connectors.tables.settings import TablesSettings
    from connectors.tables.sheets import Row, Sheet

Parser: TypeAlias = "Callable[[str], Any]"
RECORD_OF: Final = {
    "opportunities": "opportunity",
    "owners": "owner",
    "activities": "activity",
    "history": "stage_change",
}
FORECASTS: Final = frozenset(FACTS["forecast_category"].choices)
TEXTS: Final = frozenset({"text", "list"})
HELPERS: Final = {"owner": "text", "account": "text", "status": "text", "product": "text", "team": "text",
                  "closed_at": "date", "won_at": "date", "lost_at": "date", "actual_amount": "money",
                  "currency": "currency"}  # fmt: skip
"""Columns of a report that are no column of OPPORTUNITY, or are read in a way of their own."""
SIDE_TYPES: Final = {"done_at": "instant"}
SHOWN: Final = 60


@dataclass(frozen=True)
class Reading:
    """A row's values by column, None where blank. `unread`: the reason why a cell could not be read, by column."""

    values: dict[str, Any]
    unread: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A sheet with known columns: the content, type and parser of each."""

    name: str
    sheet: Sheet
    columns: Mapping[str, str]
    types: Mapping[str, str]
    parsers: Mapping[str, Parser]
    passed_over: Mapping[str, str] = field(default_factory=dict)
    order: str | None = None

    def read(self, row: Row) -> Reading:
        """Every mapped cell's value; raises BadValue where no cell can be trusted to stand below its header."""
        if row.extra:
            raise BadValue(f"has {row.extra} more filled cells than the header; put quotes around cells with commas")
        reading = Reading({})
        for column, header in self.columns.items():
            try:
                reading.values[column] = self.value(row, column, header)
            except BadValue as error:
                reading.values[column] = None
                reading.unread[column] = str(error)
        return reading

    def value(self, row: Row, column: str, header: str) -> Any:
        """One cell's value; raises BadValue naming the header and the cell."""
        if header in row.missing:
            raise BadValue(f"has no cell for {header}")
        text = row.cells[header]
        try:
            blank = is_blank(text, value=self.types.get(column, "instant") not in TEXTS)
            return None if blank else self.parsers[column](text)
        except BadValue as error:
            raise BadValue(f"{header} {text[:SHOWN]!r} {error}") from error


def understand(name: str, sheet: Sheet, columns: Columns, settings: TablesSettings, order: str | None = None) -> Table:
    """The table's types and parsers; dates of one file are taken to be written in one order.

    `order`: how the report itself writes dates, for a file beside it that does not prove its own.
    """
    found = columns.found
    types = {column: _type(name, column, sheet.column(header)) for column, header in found.items()}
    dated = [sheet.column(header) for column, header in found.items() if types[column] in {"date", "instant"}]
    dated += [sheet.column(header) for header in settings.stage_entered.values() if name == "opportunities"]
    proofs = {proof for texts in dated if (proof := order_of(texts))}
    order = settings.dates or (proofs.pop() if len(proofs) == 1 else "mixed" if proofs else order)
    parsers = {
        column: _parser(types[column], sheet.column(header), header, order, settings)
        for column, header in found.items()
    }
    if name == "opportunities":
        parsers |= {
            f"entered {stage}": _parser("instant", [], header, order, settings)
            for stage, header in settings.stage_entered.items()
        }
    return Table(name, sheet, found, types, parsers, columns.passed_over, order)


def _type(table: str, column: str, texts: list[str]) -> str:
    if table == "opportunities" and column in HELPERS:
        return HELPERS[column]
    known: str | None = COLUMNS[RECORD_OF[table]].get(column) or SIDE_TYPES.get(column)
    if known is None and table == "opportunities" and column in FACTS:
        known = FACTS[column].type
    if known or table != "opportunities":
        return known or "text"
    filled = [text for text in texts if not is_blank(text)]
    if not filled:
        return "blank"
    return next((kind for kind, read in GUESSED.items() if all(_can(read, text) for text in filled)), "text")


def _can(read: Parser, text: str) -> bool:
    try:
        read(text)
    except BadValue:
        return is_blank(text, value=True)
    return True


def _day_of_any_order(text: str) -> Any:
    from zoneinfo import ZoneInfo

    return parse_date(text, "dmy" if order_of([text]) != "mdy" else "mdy", ZoneInfo("UTC"))


GUESSED: Final[dict[str, Parser]] = {"yes/no": parse_yes, "number": whole_or_real, "date": _day_of_any_order}
"""Types tried, in this order, for a column that only the settings name."""


def _parser(type_: str, texts: list[str], header: str, order: str | None, settings: TablesSettings) -> Parser:
    zone = settings.tz
    mark = settings.decimal or (decimal_mark(texts) if type_ in {"money", "number"} else None)
    home = currency_in(header) or settings.currency
    parsers: dict[str, Parser] = {
        "date": lambda text: parse_date(text, order, zone),
        "instant": lambda text: parse_instant(text, order, zone),
        "money": lambda text: parse_amount(text, mark, home),
        "currency": lambda text: _currency(text, settings.currency),
        "yes/no": parse_yes,
        "number": lambda text: whole_or_real(text, mark or "."),
        "list": lambda text: [part.strip() for part in text.split(";") if part.strip()],
    }
    return probability(texts) if type_ == "real" else parsers.get(type_, str)


def _currency(text: str, home: str | None) -> str:
    if found := currency_of(text, home):
        return found
    raise BadValue("is no currency known here" if found is None else "may be several currencies; write its code")


def forecast(text: str | None) -> str | None:
    """The canonical forecast category, None where the word is another."""
    word = (text or "").strip().lower().replace(" ", "_").replace("-", "_")
    return word if word in FORECASTS else None
