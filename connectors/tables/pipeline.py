"""The report as canonical records: deals, their owners, accounts and stages, and what was set aside or noted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from connectors.tables.cells import BadValue, is_blank
from connectors.tables.deal import deal_of, facts_of
from connectors.tables.footers import ids_are_words, why_no_deal
from connectors.tables.grouping import ungrouped
from connectors.tables.identity import check_id, deal_id, same_id
from connectors.tables.stages import end_of_word
from model.facts import FACTS
from model.sync import SetAside

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connectors.tables.reading import Reading, Table
    from connectors.tables.settings import TablesSettings
    from connectors.tables.sheets import Row
    from model.facts import FactType
    from model.records import Record

STATES: Final = {True: "closed deal", False: "open deal", None: "deal"}


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
    unread: list[SetAside] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    unknown_ends: Counter[str] = field(default_factory=Counter)

    def note(self, deal: str, line: int, text: str) -> None:
        """Something about a row that is kept."""
        self.notes.append(SetAside("opportunity", deal, f"line {line}: {text}"))

    def leave_out(self, deal: str, line: int, why: object) -> None:
        """A row that is not kept."""
        self.aside.append(SetAside("opportunity", deal or f"line {line}", f"line {line}: {why}"))


def read_pipeline(table: Table, settings: TablesSettings, products: frozenset[str] | None = None) -> Pipeline:
    """Every row once: kept, or set aside with its line and reason."""
    result, wordy, forms = Pipeline(), ids_are_words(table), dict[str, int]()
    for line, fault in table.sheet.faults:
        result.leave_out("", line, fault)
    for row, filled in ungrouped(table):
        deal = deal_id(row.cells.get(table.columns["id"], ""))
        try:
            if why := why_no_deal(row, table, wordy=wordy):
                result.leave_out("", row.line, why)
                continue
            _check_id(deal, forms)
            reading = table.read(row)
        except BadValue as error:
            result.leave_out(deal, row.line, error)
            if not is_blank(deal):
                result.lines.setdefault(deal, row.line)
            continue
        reading.values["id"] = deal
        forms[same_id(deal)] = result.lines[deal] = row.line
        if filled:
            result.note(deal, row.line, "is read with what the first line of its group says")
        _keep(reading, row, table, settings, result)
        _note(reading, row.line, table, result, products)
    return result


def _keep(reading: Reading, row: Row, table: Table, settings: TablesSettings, result: Pipeline) -> None:
    """Add the deal of a row, with all that the row says beside."""
    values = reading.values
    entered = _entered(table, row, reading, settings)
    record = deal_of(reading, table, settings)
    result.deals.append(record)
    result.changes += entered
    _side_values(values, record, result)
    if record["is_closed"] is None:
        result.unknown_ends[str(values.get("status") or values.get("stage_name"))] += 1
    for why in reading.unread.values():
        result.unread.append(SetAside("opportunity", record["id"], f"line {row.line}: {why}"))


def _check_id(deal: str, forms: Mapping[str, int]) -> None:
    check_id(deal)
    if line := forms.get(same_id(deal)):
        raise BadValue(f"repeats the id of line {line}; that line is kept")


def _entered(table: Table, row: Row, reading: Reading, settings: TablesSettings) -> list[Record]:
    """Stage changes from the columns that say when a stage was entered; a closing stage counts only while in it."""
    rows: list[Record] = []
    values = reading.values
    for place, (stage, header) in enumerate(settings.stage_entered.items()):
        closing = end_of_word(stage, settings) in {"won", "lost", "closed"}
        if closing and stage != values.get("stage_name"):
            continue
        try:
            at: datetime | None = table.value(row, f"entered {stage}", header)
        except BadValue as error:
            reading.unread["stage_history"] = str(error)
            continue
        if at is None:
            continue
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


def _note(reading: Reading, line: int, table: Table, result: Pipeline, products: frozenset[str] | None) -> None:
    """Dirt that does not hinder reading but that somebody should know."""
    record, values = result.deals[-1], {**reading.values, "close_date": result.deals[-1].get("close_date")}
    deal, state = record["id"], STATES[record["is_closed"]]
    for column in ("account", "created", "owner", *(("amount", "close_date") if record["is_closed"] else ())):
        if column in reading.values and values[column] is None and column not in reading.unread:
            result.note(deal, line, f"{state} without {table.columns[column]}")
    product = values.get("product")
    if product and products is not None and product not in products:
        near = next((name for name in products if _squeezed(name) == _squeezed(product)), None)
        result.note(deal, line, f"product {product!r} is not in the product list" + (f"; {near!r} is" if near else ""))
    opened, closing = values.get("created"), values.get("close_date")
    if opened and closing and opened.date() > closing:
        result.note(deal, line, f"{state} with {table.columns['close_date']} before {table.columns['created']}")
    for column in ("amount", "actual_amount"):
        if (found := values.get(column)) and found.rounded:
            result.note(deal, line, f"{table.columns[column]} was rounded to six decimals")


def _squeezed(name: str) -> str:
    return "".join(name.lower().split())


FACT_KINDS: Final[dict[str, FactType]] = {
    "money": "money", "date": "date", "instant": "date", "number": "number", "yes/no": "yes/no", "list": "list",
}  # fmt: skip


def fact_types(table: Table) -> dict[str, FactType]:
    """Mapped facts and their types; a column without a value has the type of the fact, and none where it is no fact."""
    named = [name for name in facts_of(table.columns) if table.types[name] != "blank"]
    kinds = {name: FACT_KINDS.get(table.types[name], "text") for name in named}
    return {name: FACTS[name].type if name in FACTS else kind for name, kind in kinds.items()}
