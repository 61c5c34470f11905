"""The list of deals with their verdicts, as people read it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import orjson

from model.deal_keys import ALL_DEALS
from model.subjects import OPPORTUNITIES
from store.codec import day_of, money
from store.sql_parts import deal_filter
from store.verdicts.deal_labels import IS_OPEN, OF_DEALS, OWNER_NAME, STAGE_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from model.deal_keys import DealKeys
    from store.sql import Sql

DEAL_LIST: Final = f"""
    SELECT o.key, o.id, o.name, o.pipeline, {STAGE_LABEL}, {OWNER_NAME},
      {IS_OPEN}, v.score, v.score_reason, v.gate, v.detail, o.amount, o.currency, o.close_date, u.team
    {OF_DEALS} LEFT JOIN deal_verdict v ON v.connection = o.connection AND v.key = o.key
    WHERE o.connection = ? AND o.first_seen IS NOT NULL AND o.gone IS NULL AND {{deals}} ORDER BY o.key"""
DEAL_COLUMNS: Final = (
    "key", "id", "name", "pipeline", "stage_name", "owner", "is_open", "score", "score_reason", "gate", "detail",
)  # fmt: skip
NOW: Final = ("amount", "currency", "close_date", "team")
"""Columns of the deal itself, not of its verdict."""
SINCE: Final = """
    SELECT field, before FROM field_change WHERE connection = ? AND key = ?
      AND field IN ('amount', 'currency', 'close_date') AND changed_at > (SELECT as_of FROM run WHERE id = ?)
    ORDER BY changed_at DESC, id DESC"""
DEAL_NOW: Final = f"SELECT o.amount, o.currency, o.close_date, u.team {OF_DEALS} WHERE o.connection = ? AND o.key = ?"
FLAGS: Final = """
    SELECT key, status, flag FROM finding WHERE connection = ? AND subject = ? AND flag IS NOT NULL AND {keys}
    ORDER BY key, policy"""


def deal_list(sql: Sql, connection: int, keys: DealKeys) -> list[dict[str, Any]]:
    """Every deal of `keys` that is not gone, as `Verdicts.deals` gives it."""
    found = flags_of(sql, connection, OPPORTUNITIES.table, keys)
    rows = sql.rows(DEAL_LIST.format(deals=deal_filter(keys, "o.key")), connection)
    return [_listed(row, found.get(row[0], ())) for row in rows]


def _listed(row: tuple[Any, ...], findings: Iterable[tuple[str, str]]) -> dict[str, Any]:
    kept = len(DEAL_COLUMNS)
    return {**deal_row(row[:kept], findings), **now(row[kept:])}


def now(row: Sequence[Any]) -> dict[str, Any]:
    """The columns NOW of a deal; `amount` is decimal text."""
    found = dict(zip(NOW, row, strict=True))
    return {**found, "close_date": None if found["close_date"] is None else day_of(found["close_date"])}


def at_run(sql: Sql, connection: int, deal: int, run: int) -> dict[str, Any]:
    """The columns NOW of a deal as they were when a run judged, by the recorded changes; the team is that of today."""
    (row,) = sql.rows(DEAL_NOW, connection, deal)
    changed = {field: orjson.loads(before or "null") for field, before in sql.rows(SINCE, connection, deal, run)}
    found = now(row) | changed
    if changed.get("amount") is not None:
        found["amount"] = money(Decimal(str(changed["amount"])))
    if changed.get("close_date") is not None:
        found["close_date"] = date.fromisoformat(changed["close_date"])
    return found


def flags_of(sql: Sql, connection: int, subject: str, keys: DealKeys = ALL_DEALS) -> dict[int, list[tuple[str, str]]]:
    """Status and flag object of each finding about a subject (its table), by the record's key."""
    found: dict[int, list[tuple[str, str]]] = {}
    for key, status, flag in sql.rows(FLAGS.format(keys=deal_filter(keys)), connection, subject):
        found.setdefault(key, []).append((status, flag))
    return found


def deal_row(row: tuple[Any, ...], findings: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """DEAL_COLUMNS of a deal with its findings, given as status and JSON, as one of `Verdicts.deals`."""
    deal = dict(zip(DEAL_COLUMNS, row, strict=True))
    found: dict[str, list[Any]] = {"broken": [], "unknown": []}
    for status, flag in findings:
        found[status].append(orjson.loads(flag))
    read = {
        "is_open": None if deal["is_open"] is None else bool(deal["is_open"]),
        "detail": orjson.loads(deal["detail"] or "{}"),
    }
    return deal | read | {"flags": found["broken"], "unknown": found["unknown"]}
