"""Deals and leads in the mirror: integer keys, and merging a record into its row."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import orjson

from store.codec import json
from store.mirror.field_changes import changes, keep_changes
from store.mirror.kept import Kept
from store.mirror.returned import feeds_read_at, to_read_again
from store.tracked_tables import DEALS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from model.records import Record
    from store.mirror.field_changes import Row
    from store.sql import Sql
    from store.touched import Touched
    from store.tracked_tables import Parent

STAMPS: Final = ("first_seen", "first_edit", "seen_at", "gone_at")


def keys_of(sql: Sql, connection: int, ids: Collection[str]) -> dict[Any, int]:
    """Id → integer key; an unknown deal gets a row without values."""
    if not ids:
        return {}
    keys = dict(sql.lookup("opportunity", ("id", "key"), connection, "id", ids))
    missing = sorted(set(ids) - keys.keys())
    if missing:
        sql.upsert("opportunity", ("connection", "id"), [(connection, id_) for id_ in missing], ("connection", "id"))
        keys |= dict(sql.lookup("opportunity", ("id", "key"), connection, "id", missing))
    return keys


def keep_parents(  # noqa: PLR0917 - the records and the times of reading
    sql: Sql, parent: Parent, connection: int, records: Mapping[str, Record], seen: int, as_of: int, touched: Touched
) -> Kept:
    """Write the deals (or leads) of a page, given by id."""
    columns, written = parent.columns, itemgetter(*parent.columns, *STAMPS)
    stored = _stored(sql, parent, connection, list(records))
    rows, same, new = [], [], 0
    found: list[Row] = []
    returned: list[str] = []
    known_since = feeds_read_at(sql, connection) if parent is DEALS else None
    for id_, record in records.items():
        old = stored.get(id_)
        if old is None and record.get("gone") and (parent is not DEALS or record["gone"] == "vanished"):
            continue  # never a lead here, or gone before it was first read
        row = merged(parent, record, old, seen, as_of)
        if old is not None and parent.compared(row) == parent.compared(old):
            same.append((seen, old["key"]))
            continue
        rows.append((connection, id_, *written(row)))
        new += old is None
        returned += to_read_again(id_, old, row, known_since) if parent is DEALS else ()
        if old is not None and not row["gone"]:
            found += changes(parent, old["key"], old, row, seen, as_of)
    sql.upsert(parent.table, ("connection", "id", *columns, *STAMPS), rows, ("connection", "id"))
    sql.many(f"UPDATE {parent.table} SET seen_at = ? WHERE key = ?", same)
    touched.rows(parent.table, (row[1] for row in rows), ())
    field_changes = keep_changes(sql, parent, connection, found) if found else 0
    return Kept(new, len(rows) - new, len(same), field_changes, returned=tuple(returned))


def merged(parent: Parent, record: Record, old: Row | None, seen: int, as_of: int) -> Row:
    """The new row: the record's values over the old ones."""
    row: Row = {**(old or parent.nothing), **record}
    for c, encode in parent.encoders:
        if (value := record.get(c)) is not None:
            row[c] = encode(value)
    row["gone"] = record.get("gone")  # a record that is read again exists again
    row["unread"] = old["unread"] if row["gone"] and old else _unread(parent, record)
    if old and old["facts"] and record.get("unread"):
        row["facts"] = _with_unread_facts(record, old["facts"])
    edit = row["last_edit"] if row["last_edit"] is not None else row["modified"]
    row["first_seen"] = old["first_seen"] if old else seen
    row["first_edit"] = old["first_edit"] if old else edit
    row["seen_at"] = seen
    row["gone_at"] = _gone_at(row, old, as_of) if row["gone"] else None
    return row


def _gone_at(row: Row, old: Row | None, as_of: int) -> int:
    """When it went: the known instant, else its last change if that is new, else now."""
    if old and old["gone_at"] is not None:
        return int(old["gone_at"])
    news = row["modified"] is not None and (old is None or row["modified"] != old["modified"])
    return min(as_of, row["modified"]) if news else as_of


def _unread(parent: Parent, record: Record) -> str:
    """`;a;b;`: missing tracked columns and those that the connector could not read."""
    names = set(parent.tracked).difference(record).union(record.get("unread") or ())
    return f";{';'.join(sorted(names))};" if names else ""


def _with_unread_facts(record: Record, before: str) -> str:
    """A fact that could not be read keeps its last value."""
    known = orjson.loads(before)
    if "facts" not in record:
        return before
    facts = {name: known[name] for name in record["unread"] if name in known}
    return json(facts | (record["facts"] or {}))


def _stored(sql: Sql, parent: Parent, connection: int, ids: list[str]) -> dict[str, Row]:
    names = ("key", *parent.columns, *STAMPS)
    rows = sql.lookup(parent.table, ("id", *names), connection, "id", ids, "AND t.first_seen IS NOT NULL")
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}
