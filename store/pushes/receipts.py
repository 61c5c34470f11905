"""Receipts: the outcome of a patch, and the deal's push state after it."""

from __future__ import annotations

from collections import Counter
from datetime import date
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa

from store import work_tables
from store.codec import instant, json
from store.touched import note_touched
from store.watch.figures import add

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from model.sync import FieldValue, Outcome
    from store.sql import Sql

patches = work_tables.patch
STATE: Final = ("sent", "put_back_at", "last_patched_closed", "refused_hash", "refused_at", "locked_at", "undone")
GONE: Final = "UPDATE opportunity SET gone = 'vanished', gone_at = ? WHERE key = ? AND gone IS NULL"


def patch_hash(fields: Mapping[str, FieldValue]) -> str:
    """A hash of the patch's content; it shows whether a refused patch has changed."""
    return blake2b(json(dict(fields)).encode(), digest_size=16).hexdigest()


def write_receipts(sql: Sql, batch: int, outcomes: Mapping[str, Outcome], now: datetime, as_of: datetime) -> int:
    """Write outcomes, given by deal id; returns how many patches restored a value that somebody had changed."""
    rows = sql.tx.execute(sa.select(patches).where(patches.c.batch == batch)).all()
    known = _known(sql, [row.key for row in rows])
    undo = _undo_of(sql, rows)
    receipts, states, written, gone, overwritten = [], [], [], [], 0
    for row in rows:
        outcome, (on_record, state) = outcomes.get(row.deal), known[row.key]
        if outcome is None:
            continue
        put_back = _puts_back(row.before, row.after, state["sent"])
        overwritten += put_back and outcome.kind == "written"
        receipts.append((outcome.kind, outcome.reason, int(put_back), instant(now), row.id))
        states.append(
            (
                row.connection,
                row.key,
                *_after(state, row.after, outcome, int(row.closed or 0), undo, put_back=put_back, as_of=instant(as_of)),
            )
        )
        if outcome.kind == "written":
            written.append((json(on_record | row.after), row.key))
        if outcome.kind == "gone":
            gone.append((instant(as_of), row.key))
    sql.many("UPDATE patch SET outcome = ?, reason = ?, overwritten = ?, at = ? WHERE id = ?", receipts)
    if rows:
        add(sql, rows[0].connection, "patches", Counter(kind for kind, *_ in receipts))
    sql.upsert("push_state", ("connection", "key", *STATE), states, ("connection", "key"))
    sql.many("UPDATE opportunity SET ours = ? WHERE key = ?", written)
    sql.many(GONE, gone)
    if gone:
        note_touched(sql, rows[0].connection, [key for _, key in gone], instant(now))
    return overwritten


def _undo_of(sql: Sql, rows: Sequence[Any]) -> int | None:
    """The run of these patches if it is an undo, else None."""
    table = work_tables.run
    kinds = sa.select(table.c.kind).where(table.c.id == rows[0].run) if rows else None
    return rows[0].run if kinds is not None and sql.tx.execute(kinds).scalar() == work_tables.UNDO else None


def _known(sql: Sql, keys: list[int]) -> dict[int, tuple[dict[str, Any], dict[str, Any]]]:
    """Deal key → (our fields as last read, its row of push_state)."""
    among, given = sql.among("o.key", keys)
    query = (
        f"SELECT o.key, o.ours, {', '.join('s.' + c for c in STATE)} FROM opportunity o"
        f" LEFT JOIN push_state s ON s.connection = o.connection AND s.key = o.key WHERE {among}"
    )
    known = {}
    for key, fields, *state in sql.rows(query, given):
        known[key] = (orjson.loads(fields or "{}"), dict(zip(STATE, state, strict=True)))
    return known


def _puts_back(before: Mapping[str, FieldValue], after: Mapping[str, FieldValue], sent: str | None) -> bool:
    """Whether the patch restores a value that we wrote and somebody changed."""
    last = orjson.loads(sent or "{}")
    had, wrote = _as_json(before), _as_json(after)
    return any(field in last and last[field] == value != had.get(field) for field, value in wrote.items())


def _as_json(values: Mapping[str, FieldValue]) -> dict[str, str | int | None]:
    """The values as they come back from a JSON column."""
    return {field: value.isoformat() if isinstance(value, date) else value for field, value in values.items()}


def _after(
    state: dict[str, Any], after: Mapping[str, Any], outcome: Outcome, closed: int, undo: int | None, *,
    put_back: bool, as_of: int,
) -> tuple[Any, ...]:  # fmt: skip
    """The deal's row of push_state after an outcome; `undo`: the run that sent the patch, if it is an undo."""
    new = dict(state)
    match outcome.kind:
        case "written":
            sent = json(orjson.loads(state["sent"] or "{}") | dict(after))
            new |= {"sent": sent, "last_patched_closed": closed, "refused_hash": None, "refused_at": None}
            new |= {"locked_at": None, "put_back_at": as_of if put_back else state["put_back_at"]}
            new["undone"] = json([*orjson.loads(state["undone"] or "[]"), undo]) if undo else None
        case "refused":
            new |= {"refused_hash": patch_hash(after), "refused_at": as_of}
        case "locked":
            new["locked_at"] = as_of
    return tuple(new[c] for c in STATE)
