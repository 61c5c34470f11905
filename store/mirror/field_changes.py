"""Field changes found between two pulls, for fields without a history in the CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from store.codec import DECODE, json
from store.tracked_tables import DEALS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from store.sql import Sql
    from store.tracked_tables import Parent

CLOCK_SLACK: Final = 2_000_000  # µs: a CRM stamps a record and its history row within about a second
COLUMNS: Final = (
    "connection", "id", "key", "field", "before", "after", "changed_at", "seen_at", "origin", "after_edit", "actor_id",
)  # fmt: skip

Row = dict[str, Any]  # a stored deal, its values as they lie in the database


def value_text(column: str, value: Any, parent: Parent = DEALS) -> str:
    """A stored value as the JSON text of a field change."""
    if value is None:
        return "null"
    kind = parent.types[column]
    plain = value if kind in {"text", "money", "whole", "real"} else DECODE[kind](value)
    return json(plain)


def changes(  # noqa: PLR0917 - two states, and when they were read
    parent: Parent, key: int, old: Row, new: Row, seen_at: int, as_of: int
) -> Iterator[Row]:
    """Field changes between two states of one deal or lead; a column that could not be read has none.

    Without a time of the edit, as in a report, the change is dated no later than the run that reads it.
    """
    edited = _later(new["last_edit"], old["last_edit"])
    edit = new["last_edit"] if edited else new["modified"]
    at = edit if edit is not None else min(seen_at, as_of)
    actor = new["modified_by"] if edited else None  # the author of the last edit between two pulls
    since = old["modified"] if old["modified"] is not None else old["last_edit"]
    unread = new["unread"] or ""
    for field, before, after in [*_columns(parent, old, new), *_facts(old, new)]:
        if f";{field};" not in unread:
            yield {
                "id": f"mirror:{key}:{field}:{at}", "key": key, "field": field, "before": before, "after": after,
                "changed_at": at, "seen_at": seen_at, "origin": "mirror", "after_edit": since,
                "actor_id": actor,
            }  # fmt: skip


def _later(new: int | None, old: int | None) -> bool:
    return new is not None and (old is None or new > old)


def _columns(parent: Parent, old: Row, new: Row) -> Iterator[tuple[str, str, str]]:
    for column in parent.tracked:
        if old[column] != new[column]:
            yield column, value_text(column, old[column], parent), value_text(column, new[column], parent)


def _facts(old: Row, new: Row) -> Iterator[tuple[str, str, str]]:
    """Facts in both states; a fact that was mapped or unmapped meanwhile is no change of the deal."""
    if old["facts"] == new["facts"] or not old["facts"] or not new["facts"]:
        return
    before, after = orjson.loads(old["facts"]), orjson.loads(new["facts"])
    for fact in before.keys() & after.keys():
        if before[fact] != after[fact]:
            yield fact, json(before[fact]), json(after[fact])


def keep_changes(sql: Sql, parent: Parent, connection: int, found: list[Row]) -> int:
    """Write field changes that the CRM's history does not have; returns how many."""
    rows, columns = found, list(COLUMNS)
    if parent is DEALS:
        known = _crm_history(sql, connection, {row["key"] for row in found})
        rows = [row for row in found if not _in_crm_history(row, known.get((row["key"], row["field"]), ()))]
    else:
        columns = [c for c in COLUMNS if c not in {"origin", "actor_id"}]  # no CRM has a history of leads
    values = [tuple({"connection": connection, **row}[c] for c in columns) for row in rows]
    sql.upsert(parent.changes, columns, values, ["connection", "id"])
    return len(rows)


def _in_crm_history(row: Mapping[str, Any], history: Iterable[tuple[int, str]]) -> bool:
    """Whether the CRM has a row for the same field and value between the two states."""
    since = row["after_edit"] if row["after_edit"] is not None else row["changed_at"]
    return any(
        after == row["after"] and since - CLOCK_SLACK <= at <= row["changed_at"] + CLOCK_SLACK for at, after in history
    )


def _crm_history(sql: Sql, connection: int, keys: set[int]) -> dict[tuple[int, str], list[tuple[int, str]]]:
    """(deal, field) → [(instant, JSON text of the value after)] of the CRM's history."""
    history: dict[tuple[int, str], list[tuple[int, str]]] = {}
    names = ("key", "field", "changed_at", "after")
    for key, field, at, after in sql.lookup("field_change", names, connection, "key", keys, "AND t.origin = 'crm'"):
        history.setdefault((key, field), []).append((at, after))
    for key, at, stage in sql.lookup("stage_change", ("key", "at", "stage_name"), connection, "key", keys):
        history.setdefault((key, "stage_name"), []).append((at, value_text("stage_name", stage)))
    return history


def drop_known(sql: Sql, connection: int, keys: set[int]) -> None:
    """Delete our rows of these deals that the CRM's history has by now."""
    names = ("id", "key", "field", "after", "changed_at", "after_edit")
    rows = sql.lookup("field_change", names, connection, "key", keys, "AND t.origin = 'mirror'")
    mirrored = [dict(zip(names, row, strict=True)) for row in rows]
    if mirrored:
        known = _crm_history(sql, connection, {row["key"] for row in mirrored})
        superseded = [row["id"] for row in mirrored if _in_crm_history(row, known.get((row["key"], row["field"]), ()))]
        sql.many("DELETE FROM field_change WHERE connection = ? AND id = ?", [(connection, id_) for id_ in superseded])
