"""One row of a report as a deal."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from connectors.tables.cells import Amount, currency_in
from connectors.tables.reading import HELPERS, forecast
from connectors.tables.stages import end_of
from model.records import OPPORTUNITY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.tables.reading import Reading, Table
    from connectors.tables.settings import TablesSettings
    from model.records import Record

NO_FACTS: Final = HELPERS.keys() - {"product"}
ENDED: Final = frozenset({"is_closed", "is_won"})
UNREAD_AS: Final[dict[str, tuple[str, ...]]] = {
    "owner": ("owner_id", "team"), "account": ("account_id",), "status": tuple(ENDED),
    "stage_name": ("stage_name", *ENDED),
    "closed_at": (), "won_at": (), "lost_at": (), "actual_amount": (),
}  # fmt: skip
"""Columns of the record that cannot be known while a column of the report cannot be read."""


def facts_of(columns: Mapping[str, str]) -> list[str]:
    """Mapped columns that are facts of their own and no column of OPPORTUNITY."""
    return [column for column in columns if column not in OPPORTUNITY and column not in NO_FACTS]


def deal_of(reading: Reading, table: Table, settings: TablesSettings) -> Record:
    """The canonical record of a row."""
    values = reading.values
    unread = {name for column in reading.unread for name in UNREAD_AS.get(column, (column,))}
    record = {column: value for column, value in values.items() if column in OPPORTUNITY}
    record |= _ended(values, settings, unread)
    _close(values, record, unread)
    _money(values, record, table, settings, unread)
    if "forecast_category" in values:
        record["forecast_category"] = forecast(values["forecast_category"])
        if values["forecast_category"] and record["forecast_category"] is None:
            unread.add("forecast_category")
    if "owner" in table.columns:
        record["owner_id"] = values.get("owner_id") or values["owner"]
    if "account" in table.columns:
        record["account_id"] = values.get("account_id") or values["account"]
    record["modified"] = values.get("last_edit") or settings.exported_at
    record["facts"] = {name: _json(values[name]) for name in facts_of(table.columns)}
    return record | {"unread": sorted(unread), "ours": {}}


def _ended(values: Mapping[str, Any], settings: TablesSettings, unread: set[str]) -> Record:
    """Whether the deal is closed and won; what nobody can say is unknown."""
    end = end_of(values, settings)
    if end is None or (end == "open" and unread & ENDED):
        unread |= ENDED
        return dict.fromkeys(ENDED)
    unread -= ENDED
    if end == "closed":
        unread.add("is_won")
        return {"is_closed": True, "is_won": None}
    return {"is_closed": end != "open", "is_won": end == "won"}


def _close(values: Mapping[str, Any], record: Record, unread: set[str]) -> None:
    """The day on which a closed deal closed, where the report has it beside the day that was expected."""
    if not record["is_closed"]:
        return
    by_end = "won_at" if record["is_won"] else "lost_at"
    if closed := values.get("closed_at") or values.get(by_end):
        record["close_date"] = closed
        unread.discard("close_date")


def _money(values: Mapping[str, Any], record: Record, table: Table, settings: TablesSettings, unread: set[str]) -> None:
    """The amount, and its currency: by its own column, else by the cell, the header, the settings."""
    if "amount" not in table.columns:
        return
    column = "actual_amount" if record["is_won"] and values.get("actual_amount") else "amount"
    found: Amount | None = values[column]
    record["amount"] = found.value if found else None
    beside = found.currency if found else None
    if beside == "" and not values.get("currency"):
        unread.add("currency")
    others = (values.get("currency"), beside, currency_in(table.columns[column]), settings.currency)
    record["currency"] = None if "currency" in unread else next(filter(None, others), None)


def _json(value: Any) -> Any:
    if isinstance(value, Amount):
        value = value.value
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value
