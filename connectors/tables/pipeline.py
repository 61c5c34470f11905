"""The report as canonical records: deals, their owners, accounts and stages, and what was set aside or noted."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from connectors.tables.columns import currency_in
from connectors.tables.footers import why_no_deal
from connectors.tables.reading import forecast
from connectors.tables.stages import end_of, end_of_word
from connectors.tables.values import BLANK, BadValue
from model.facts import FACTS
from model.records import OPPORTUNITY
from model.sync import SetAside

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connectors.tables.reading import Table
    from connectors.tables.settings import TablesSettings
    from connectors.tables.sheet import Row
    from model.facts import FactType
    from model.records import Record

HELPERS: Final = frozenset({"owner", "account", "status", "team"})


@dataclass
class Pipeline:
    """What one report holds; `present` has the ids of rows set aside, too: they are in the CRM."""

    deals: list[Record] = field(default_factory=list)
    owners: dict[str, Record] = field(default_factory=dict)
    accounts: dict[str, Record] = field(default_factory=dict)
    stages: dict[str, Record] = field(default_factory=dict)
    changes: list[Record] = field(default_factory=list)
    aside: list[SetAside] = field(default_factory=list)
    notes: list[SetAside] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)

    def note(self, deal: str, line: int, text: str) -> None:
        """Something about a row that is kept."""
        self.notes.append(SetAside("opportunity", deal, f"line {line}: {text}"))


def facts_of(columns: Mapping[str, str]) -> list[str]:
    """Mapped columns that are facts of their own and no column of OPPORTUNITY."""
    return [column for column in columns if column not in OPPORTUNITY and column not in HELPERS]


def read_pipeline(table: Table, settings: TablesSettings, products: frozenset[str] | None = None) -> Pipeline:
    """Every row once: kept, or set aside with its line and reason."""
    result = Pipeline()
    for row in table.sheet.rows:
        if why := why_no_deal(row, table):
            result.aside.append(SetAside("opportunity", f"line {row.line}", f"line {row.line}: {why}"))
            continue
        deal = row.cells.get(table.columns["id"], "")
        try:
            _check_id(deal, result)
            values = table.read(row)
            entered = _entered(table, row, values, settings)
        except BadValue as error:
            result.aside.append(SetAside("opportunity", deal or f"line {row.line}", f"line {row.line}: {error}"))
            result.lines.setdefault(deal, row.line)
            continue
        result.lines[deal] = row.line
        record = _deal(values, table, settings)
        result.deals.append(record)
        result.changes += entered
        _side_values(values, record, result)
        _note(values, row.line, table, result, products)
    result.lines.pop("", None)
    return result


def _check_id(deal: str, result: Pipeline) -> None:
    if deal.lower() in BLANK:
        raise BadValue("has no id")
    if deal in result.lines:
        raise BadValue(f"repeats the id of line {result.lines[deal]}; that line is kept")


def _deal(values: dict[str, Any], table: Table, settings: TablesSettings) -> Record:
    end = end_of(values, settings)
    record = {column: value for column, value in values.items() if column in OPPORTUNITY}
    record |= {"is_closed": end != "open", "is_won": end == "won", "unread": [], "ours": {}}
    _money(record, table, settings)
    if "forecast_category" in values:
        record["forecast_category"] = forecast(values["forecast_category"])
        if values["forecast_category"] and record["forecast_category"] is None:
            record["unread"] = ["forecast_category"]
    if "owner" in table.columns:
        record["owner_id"] = values.get("owner_id") or values["owner"]
    if "account" in table.columns:
        record["account_id"] = values.get("account_id") or values["account"]
    record["modified"] = values.get("last_edit") or settings.exported_at
    record["facts"] = {name: _json(values[name]) for name in facts_of(table.columns)}
    return record


def _money(record: Record, table: Table, settings: TablesSettings) -> None:
    if "amount" not in table.columns:
        return
    amount, cell_currency = record["amount"] or (None, None)
    header = currency_in(table.columns["amount"])
    record |= {"amount": amount, "currency": record.get("currency") or cell_currency or header or settings.currency}


def _json(value: Any) -> Any:
    if isinstance(value, tuple):  # an amount with its currency
        value = value[0]
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _entered(table: Table, row: Row, values: dict[str, Any], settings: TablesSettings) -> list[Record]:
    """Stage changes from the columns that say when a stage was entered; a closing stage counts only while in it."""
    rows: list[Record] = []
    for place, (stage, header) in enumerate(settings.stage_entered.items()):
        text = row.cells[header]
        closing = end_of_word(stage, settings) != "open"
        if text.lower() in BLANK or (closing and stage != values.get("stage_name")):
            continue
        try:
            at: datetime = table.parsers[f"entered {stage}"](text)
        except BadValue as error:
            raise BadValue(f"{header} {text[:60]!r} {error}") from error
        # the place keeps the order of stages entered on one day
        at = at.replace(microsecond=place)
        rows.append({
            "id": f"{values['id']}:{stage}:{at:%Y-%m-%d}", "opportunity_id": values["id"], "at": at,
            "stage_name": stage, "pipeline": values.get("pipeline"), "actor_id": None,
        })  # fmt: skip
    return sorted(rows, key=lambda change: change["at"])


def _side_values(values: dict[str, Any], record: Record, result: Pipeline) -> None:
    """The owner, account and stage that a row names."""
    if owner := record.get("owner_id"):
        known = result.owners.setdefault(owner, {"id": owner, "name": values.get("owner") or owner})
        if values.get("team"):
            known.setdefault("team", values["team"])
    if account := record.get("account_id"):
        result.accounts.setdefault(account, {"id": account, "name": values.get("account") or account, "gone": None})
    if stage := record.get("stage_name"):
        pipeline = record.get("pipeline")
        key = f"{pipeline}/{stage}" if pipeline else stage
        result.stages.setdefault(key, {
            "id": key, "pipeline": pipeline, "name": stage, "label": stage, "is_active": True,
            "is_closed": record["is_closed"], "is_won": record["is_won"],
        })  # fmt: skip


def _note(values: dict[str, Any], line: int, table: Table, result: Pipeline, products: frozenset[str] | None) -> None:
    """Dirt that does not hinder reading but that somebody should know."""
    record = result.deals[-1]
    deal, state = record["id"], "closed" if record["is_closed"] else "open"
    for column in ("account", "created", "owner", *(("amount", "close_date") if record["is_closed"] else ())):
        if column in values and values[column] is None:
            result.note(deal, line, f"{state} deal without {table.columns[column]}")
    product = values.get("product")
    if product and products is not None and product not in products:
        near = next((name for name in products if _squeezed(name) == _squeezed(product)), None)
        result.note(deal, line, f"product {product!r} is not in the product list" + (f"; {near!r} is" if near else ""))
    opened, closing = values.get("created"), values.get("close_date")
    if opened and closing and opened.date() > closing:
        result.note(deal, line, f"{state} deal with {table.columns['close_date']} before {table.columns['created']}")


def _squeezed(name: str) -> str:
    return "".join(name.lower().split())


FACT_KINDS: Final[dict[str, FactType]] = {
    "money": "money", "date": "date", "instant": "date", "number": "number", "yes/no": "yes/no", "list": "list",
}  # fmt: skip


def fact_types(table: Table) -> dict[str, FactType]:
    """Mapped facts and their types."""
    kinds = {name: FACT_KINDS.get(table.types[name], "text") for name in facts_of(table.columns)}
    return {name: FACTS[name].type if name in FACTS else kind for name, kind in kinds.items()}
