"""The mirror of a CRM: a page and its cursor are kept in one transaction, and only what differs is written."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from model.records import COLUMNS
from store import mirror_tables
from store.codec import WRITE
from store.forgotten import without_forgotten
from store.mirror import returned
from store.mirror.aside import drop_gone, keep_aside
from store.mirror.field_changes import drop_known
from store.mirror.kept import Kept
from store.mirror.merge import keep_parents, keys_of
from store.mirror.reconcile import delete_unlisted, reconcile
from store.touched import Touched
from store.tracked_tables import PARENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.records import Record
    from model.sync import Page
    from store.sql import Sql


ENCODERS: Final = {
    table: tuple((c, WRITE[COLUMNS[table][c]]) for c in mirror_tables.STORED[table] if c != "id") for table in COLUMNS
}


def keep_records(sql: Sql, connection: int, page: Page, run_id: int | None, *, seen: int, as_of: int) -> Kept:
    """Write a page and its cursor on an open transaction."""
    kept, touched, page = Kept(), Touched(), without_forgotten(sql, connection, page)
    for table in sorted(page.records, key=list(COLUMNS).index):  # deals first, so that children find them
        kept += _keep_table(sql, connection, table, page.records[table], touched, seen=seen, as_of=as_of)
    if kept.returned:
        returned.note(sql, connection, kept.returned)
    for table, parents in page.whole.items():
        listed = {record["id"] for record in page.records.get(table, ())}
        column = mirror_tables.PARENT_ID.get(table, "key")
        among = parents if column != "key" else keys_of(sql, connection, parents).values()
        kept += Kept(changed=delete_unlisted(sql, connection, table, column, among, listed, touched))
    for table, ids in page.present.items():
        vanished, held_back = reconcile(sql, connection, table, ids, as_of, touched)
        kept += Kept(vanished=vanished, held_back=held_back)
    keep_aside(sql, connection, page, run_id, seen, touched)
    drop_gone(sql, connection, page.asked, as_of, touched)
    touched.note(sql, connection, max(seen, as_of))
    feeds = [(connection, name, as_of) for name in sorted(page.feeds)]
    sql.upsert("feed", ("connection", "name", "read_at"), feeds, ("connection", "name"))
    if page.cursor is not None:
        cursor = [(connection, page.cursor.stream, page.cursor.text)]
        sql.upsert("cursor", ("connection", "stream", "text"), cursor, ("connection", "stream"))
    return kept + Kept(aside=len(page.aside))


def _keep_table(
    sql: Sql, connection: int, table: str, records: list[Record], touched: Touched, *, seen: int, as_of: int
) -> Kept:
    latest = {record["id"]: record for record in records}  # a record that came twice: the last one counts
    if not latest:
        return Kept()
    if table in PARENTS:
        return keep_parents(sql, PARENTS[table], connection, latest, seen, as_of, touched)
    return _keep_rows(sql, connection, table, latest, seen, touched)


def _keep_rows(  # noqa: PLR0917 - the records and what is collected of them
    sql: Sql, connection: int, table: str, records: Mapping[str, Record], seen: int, touched: Touched
) -> Kept:
    """Write new and changed rows of any table but deals and leads."""
    child = table in mirror_tables.CHILDREN
    keys = _deal_keys(sql, connection, records) if child else {}
    names = (*(("key",) if child else ()), *(c for c, _ in ENCODERS[table]))
    old_rows = _stored(sql, connection, table, names, list(records))
    rows, new = [], 0
    for id_, record in records.items():
        old = old_rows.get(id_)
        values = _encoded(table, record, keys.get(record.get("opportunity_id"), 0), old, seen)
        if values != old:
            rows.append((connection, id_, *values))
            new += old is None
            touched.rows(table, (), (values[0], old[0] if old else 0))
    sql.upsert(table, ("connection", "id", *names), rows, ("connection", "id"))
    if table in mirror_tables.ORDER and rows:
        drop_known(sql, connection, {row[2] for row in rows})
    return Kept(new, len(rows) - new, len(records) - len(rows))


NOTHING: Final = {table: (None,) * len(encoders) for table, encoders in ENCODERS.items()}
READ: Final = {table: itemgetter(*(c for c, _ in encoders)) for table, encoders in ENCODERS.items()}
"""All values of a record at once."""
CODED: Final = {
    table: tuple((place, encode) for place, (_, encode) in enumerate(encoders) if encode)
    for table, encoders in ENCODERS.items()
}


def _encoded(table: str, record: Record, key: int, old: tuple[Any, ...] | None, seen: int) -> tuple[Any, ...]:
    """The row in its stored form; a value that was not read keeps the old one."""
    child = table in mirror_tables.CHILDREN
    known = NOTHING[table] if old is None else old[1:] if child else old
    if table == "field_change":
        record = FILLED | record
    try:
        values = list(READ[table](record))
    except KeyError:
        values = [
            old_ if c not in record else encode(value) if encode and (value := record[c]) is not None else record[c]
            for (c, encode), old_ in zip(ENCODERS[table], known, strict=True)
        ]
    else:
        for place, encode in CODED[table]:
            if values[place] is not None:
                values[place] = encode(values[place])
    if table == "field_change":
        _fill(values, known, seen)
    if child:
        values.insert(0, key if "opportunity_id" in record or old is None else old[0])
    return tuple(values)


FILLED: Final = {"seen_at": None, "origin": None}
"""Columns of a field change that the store fills."""
HISTORY: Final = {c: place for place, (c, _) in enumerate(ENCODERS["field_change"])}
SEEN_AT, ORIGIN, BEFORE, AFTER = (HISTORY[c] for c in ("seen_at", "origin", "before", "after"))


def _fill(values: list[Any], old: tuple[Any, ...], seen: int) -> None:
    """Fill a row of the CRM's history: when it was first read, and JSON null for no value."""
    values[SEEN_AT] = old[SEEN_AT] or seen
    values[ORIGIN] = values[ORIGIN] or "crm"
    values[BEFORE] = values[BEFORE] or "null"
    values[AFTER] = values[AFTER] or "null"


def _deal_keys(sql: Sql, connection: int, records: Mapping[str, Record]) -> dict[Any, int]:
    mentioned = {r["opportunity_id"] for r in records.values() if r.get("opportunity_id") is not None}
    return keys_of(sql, connection, mentioned)


def _stored(
    sql: Sql, connection: int, table: str, names: tuple[str, ...], ids: list[str]
) -> dict[str, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in sql.lookup(table, ("id", *names), connection, "id", ids)}
