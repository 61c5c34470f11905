"""Records as they were last read, decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from model.records import COLUMNS, Record
from store import mirror_tables
from store.codec import DECODE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.sql import Sql

ON_DEAL: Final = (
    " WHERE connection = ? AND (key = {deal} OR (key = 0 AND contact_id IN (SELECT contact_id FROM contact_role"
    " WHERE connection = ? AND gone IS NULL AND key = {deal})))"
)


OF_CONNECTION: Final = " WHERE connection = ?"


def deal_activities(sql: Sql, connection: int, id_: str) -> list[Record]:
    """Activities on a deal and, without a deal of their own, on its contacts; newest first."""
    rows = list(records(sql, "activity", ON_DEAL.format(deal=_key(sql, connection, id_)), connection, connection))
    newest = sorted(rows, key=lambda r: str(r["at"] or r["due"] or r["created"] or ""), reverse=True)
    return [record | {"opportunity_id": id_ if record.pop("key") else None} for record in newest]


def deal_changes(sql: Sql, connection: int, table: str, id_: str | None) -> list[Record]:
    """Rows of a history table with the deal's id, by deal and time; of one deal if it is named."""
    known = {key: deal for deal, key in sql.rows("SELECT id, key FROM opportunity WHERE connection = ?", connection)}
    where, more = (" WHERE connection = ? AND key = ?", [_key(sql, connection, id_)]) if id_ else (OF_CONNECTION, [])
    rows = [row for row in records(sql, table, where, connection, *more) if row["key"] in known]
    return [{**row, "opportunity_id": known[row["key"]]} for row in sorted(rows, key=lambda row: row["key"])]


def _key(sql: Sql, connection: int, id_: str) -> int:
    """The deal's key, -1 where there is none."""
    rows = sql.rows("SELECT key FROM opportunity WHERE connection = ? AND id = ?", connection, id_)
    return int(rows[0][0]) if rows else -1


def records(sql: Sql, table: str, where: str, *parameters: Any) -> Iterator[Record]:
    """Records decoded, with the deal's `key` where the table has one."""
    names = (*(("key",) if table in mirror_tables.CHILDREN else ()), *mirror_tables.STORED[table])
    quoted = ", ".join(f'"{c}"' for c in names)
    order = f"{mirror_tables.ORDER[table]}, id" if table in mirror_tables.ORDER else "id"
    for row in sql.rows(f'SELECT {quoted} FROM "{table}"{where} ORDER BY {order}', *parameters):
        values = dict(zip(names, row, strict=True))
        key = {"key": values.pop("key")} if "key" in values else {}
        yield key | _decoded(table, values)


def _decoded(table: str, row: dict[str, Any]) -> Record:
    types = COLUMNS[table]
    return {c: None if value is None else DECODE[types[c]](value) for c, value in row.items()}
