"""Rows into typed values: one parser a column, made by looking at the whole column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from connectors.tables.amounts import decimal_mark, parse_amount
from connectors.tables.columns import currency_in
from connectors.tables.values import BLANK, BadValue, order_of, parse_date, parse_instant, parse_number, parse_yes
from model.facts import FACTS
from model.records import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.tables.settings import TablesSettings
    from connectors.tables.sheet import Row, Sheet

Parser: TypeAlias = "Callable[[str], Any]"
RECORD_OF: Final = {
    "opportunities": "opportunity",
    "owners": "owner",
    "activities": "activity",
    "history": "stage_change",
}
FORECASTS: Final = frozenset(FACTS["forecast_category"].choices)
FRACTIONS: Final = 1


@dataclass(frozen=True)
class Table:
    """A sheet with known columns: the content, type and parser of each."""

    name: str
    sheet: Sheet
    columns: Mapping[str, str]
    types: Mapping[str, str]
    parsers: Mapping[str, Parser]

    def read(self, row: Row) -> dict[str, Any]:
        """Every mapped cell's value, None where blank; raises BadValue naming the column and the cell."""
        if row.cells_found != len(self.sheet.headers):
            raise BadValue(f"has {row.cells_found} cells where the header has {len(self.sheet.headers)}")
        values: dict[str, Any] = {}
        for column, header in self.columns.items():
            text = row.cells[header]
            try:
                values[column] = None if text.lower() in BLANK else self.parsers[column](text)
            except BadValue as error:
                raise BadValue(f"{header} {text[:60]!r} {error}") from error
        return values


def understand(name: str, sheet: Sheet, columns: Mapping[str, str], settings: TablesSettings) -> Table:
    """The table's types and parsers; dates of one file are taken to be written in one order."""
    types = {column: _type(name, column, sheet.column(header)) for column, header in columns.items()}
    dated = [sheet.column(header) for column, header in columns.items() if types[column] in {"date", "instant"}]
    dated += [sheet.column(header) for header in settings.stage_entered.values() if name == "opportunities"]
    proofs = {order for texts in dated if (order := order_of(texts))}
    order = settings.dates or (proofs.pop() if len(proofs) == 1 else "mixed" if proofs else None)
    parsers = {
        column: _parser(types[column], sheet.column(header), header, order, settings)
        for column, header in columns.items()
    }
    if name == "opportunities":
        parsers |= {
            f"entered {stage}": _parser("instant", [], header, order, settings)
            for stage, header in settings.stage_entered.items()
        }
    return Table(name, sheet, columns, types, parsers)


def _type(table: str, column: str, texts: list[str]) -> str:
    known: str | None = COLUMNS[RECORD_OF[table]].get(column)
    if known is None and table == "opportunities" and column in FACTS:
        known = FACTS[column].type
    if known or table != "opportunities" or column in {"owner", "account", "status", "product"}:
        return known or "text"
    return next((kind for kind, read in GUESSED.items() if texts and all(_can(read, text) for text in texts)), "text")


def _can(read: Parser, text: str) -> bool:
    try:
        read(text)
    except BadValue:
        return text.lower() in BLANK
    return True


def _day_of_any_order(text: str) -> Any:
    from zoneinfo import ZoneInfo

    return parse_date(text, "dmy" if order_of([text]) != "mdy" else "mdy", ZoneInfo("UTC"))


GUESSED: Final[dict[str, Parser]] = {"yes/no": parse_yes, "number": parse_number, "date": _day_of_any_order}
"""Types tried, in this order, for a column that only the settings name."""


def _parser(type_: str, texts: list[str], header: str, order: str | None, settings: TablesSettings) -> Parser:
    zone = settings.tz
    mark = settings.decimal or (decimal_mark(texts) if type_ == "money" else None)
    home = currency_in(header) or settings.currency
    parsers: dict[str, Parser] = {
        "date": lambda text: parse_date(text, order, zone),
        "instant": lambda text: parse_instant(text, order, zone),
        "money": lambda text: parse_amount(text, mark, home),
        "yes/no": parse_yes,
        "number": _number,
        "list": lambda text: [part.strip() for part in text.split(";") if part.strip()],
    }
    return _probability(texts) if type_ == "real" else parsers.get(type_, str)


def _number(text: str) -> int | float:
    value = parse_number(text)
    return int(value) if value == int(value) else float(value)


def _probability(texts: list[str]) -> Parser:
    """0 to 1, or percent if a sign or any cell above 1 shows that the whole column is in percent."""
    readable = [parse_number(text) for text in texts if _can(parse_number, text) and text.lower() not in BLANK]
    hundred = any("%" in text for text in texts) or any(value > FRACTIONS for value in readable)

    def parse(text: str) -> float:
        share = float(parse_number(text)) / (100 if hundred else 1)
        if not 0 <= share <= 1:
            raise BadValue("is no probability")
        return share

    return parse


def forecast(text: str | None) -> str | None:
    """The canonical forecast category, None where the word is another."""
    word = (text or "").strip().lower().replace(" ", "_").replace("-", "_")
    return word if word in FORECASTS else None
