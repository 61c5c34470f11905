"""Records that could not be read: they are kept with their reason, and what was known of them holds as unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from model.records import COLUMNS as TYPES
from store.mirror.reconcile import note_rows
from store.tracked_tables import PARENTS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from model.sync import Page
    from store.sql import Sql
    from store.touched import Touched
    from store.tracked_tables import Parent

COLUMNS: Final = ("connection", "table_name", "id", "reason", "run", "seen_at")


def keep_aside(  # noqa: PLR0917 - the page and what is collected of it
    sql: Sql, connection: int, page: Page, run_id: int | None, seen: int, touched: Touched
) -> None:
    """Keep what the page sets aside, and forget what it has read at last."""
    _forget_read(sql, connection, page)
    if not page.aside:
        return
    rows = {(one.table, one.id): (connection, one.table, one.id, one.reason, run_id, seen) for one in page.aside}
    sql.upsert("aside", COLUMNS, list(rows.values()), COLUMNS[:3])
    for table, parent in PARENTS.items():
        unknown = [id_ for of, id_ in rows if of == table and id_]
        _unknown(sql, parent, connection, unknown)
        touched.rows(table, unknown, ())


def _forget_read(sql: Sql, connection: int, page: Page) -> None:
    before = sql.rows("SELECT table_name, id FROM aside WHERE connection = ?", connection)
    if before:
        read = {(table, str(record["id"])) for table, records in page.records.items() for record in records}
        settled = [(connection, *key) for key in before if key in read]
        sql.many("DELETE FROM aside WHERE connection = ? AND table_name = ? AND id = ?", settled)


def waiting(sql: Sql, connection: int, at_most: int) -> dict[str, list[str]]:
    """Ids of what is set aside by table, of each the first `at_most` by the day on which they last came."""
    query = "SELECT table_name, id FROM aside WHERE connection = ? AND id <> '' ORDER BY table_name, seen_at, id"
    found: dict[str, list[str]] = {}
    for table, id_ in sql.rows(query, connection):
        found.setdefault(table, []).append(id_)
    return {table: ids[:at_most] for table, ids in found.items()}


def drop_gone(sql: Sql, connection: int, asked: Mapping[str, Collection[str]], as_of: int, touched: Touched) -> None:
    """Forget what was looked for by id and is neither read nor set aside again; what is known of it is gone."""
    known = sql.rows("SELECT table_name, id FROM aside WHERE connection = ?", connection)
    rows = [(connection, table, id_) for table, id_ in known if id_ in asked.get(table, ())]
    sql.many("DELETE FROM aside WHERE connection = ? AND table_name = ? AND id = ?", rows)
    for table in {table for _, table, _ in rows if "gone" in TYPES[table]}:
        stamp, at = (", gone_at = ?", (as_of,)) if table in PARENTS else ("", ())
        ids = [("vanished", *at, connection, id_) for _, of, id_ in rows if of == table]
        note_rows(sql, connection, table, [id_ for *_, id_ in ids], touched)
        sql.many(f'UPDATE "{table}" SET gone = ?{stamp} WHERE connection = ? AND id = ? AND gone IS NULL', ids)


def _unknown(sql: Sql, parent: Parent, connection: int, ids: list[str]) -> None:
    """What was known of these deals or leads is unknown from now on."""
    known = sql.lookup(parent.table, ("id", "facts"), connection, "id", ids, "AND t.first_seen IS NOT NULL")
    rows = [(_all_names(parent, facts), connection, id_) for id_, facts in known]
    sql.many(f"UPDATE {parent.table} SET unread = ? WHERE connection = ? AND id = ?", rows)


def _all_names(parent: Parent, facts: str | None) -> str:
    return f";{';'.join(sorted({*parent.tracked, *orjson.loads(facts or '{}')}))};"
