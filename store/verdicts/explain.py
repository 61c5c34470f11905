"""What the CLI shows of deals: the list of verdicts, and the records behind one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from model.records import COLUMNS, Record
from model.subjects import OPPORTUNITIES
from store import mirror_tables
from store.codec import DECODE
from store.database import Base
from store.verdicts.deal_labels import IS_OPEN, OF_DEALS, OWNER_NAME, STAGE_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from store.sql import Sql

DEAL_LIST: Final = f"""
    SELECT o.key, o.id, o.name, o.pipeline, {STAGE_LABEL}, {OWNER_NAME},
      {IS_OPEN}, v.score, v.score_reason, v.gate, v.detail
    {OF_DEALS} LEFT JOIN deal_verdict v ON v.connection = o.connection AND v.key = o.key
    WHERE o.connection = ? AND o.first_seen IS NOT NULL AND o.gone IS NULL ORDER BY o.key"""
DEAL_COLUMNS: Final = (
    "key", "id", "name", "pipeline", "stage_name", "owner", "is_open", "score", "score_reason", "gate", "detail",
)  # fmt: skip


def flags_of(sql: Sql, connection: int, subject: str) -> dict[int, list[tuple[str, str]]]:
    """Status and flag object of each finding about a subject (its table), by the record's key."""
    query = (
        "SELECT key, status, flag FROM finding WHERE connection = ? AND subject = ? AND flag IS NOT NULL"
        " ORDER BY key, policy"
    )
    found: dict[int, list[tuple[str, str]]] = {}
    for key, status, flag in sql.rows(query, connection, subject):
        found.setdefault(key, []).append((status, flag))
    return found


class Explain(Base):
    """Rows for people."""

    def deals(self, connection: str) -> list[dict[str, Any]]:
        """Every deal that is not gone: {key, id, name, pipeline, stage_name, owner, is_open, score, score_reason,
        gate, detail, flags, unknown}; detail, flags and unknown are the JSON objects of the verdict, stage_name is the
        stage's label.
        """
        key = self.connection_key(connection)
        with self.reading() as sql:
            told = flags_of(sql, key, OPPORTUNITIES.table)
            return [deal_row(row, told.get(row[0], ())) for row in sql.rows(DEAL_LIST, key)]

    def deal(self, connection: str, id_: str) -> Record | None:
        """One deal's record as last read, with `key`, `first_seen` and `unread` as a list; None where unknown."""
        names = ("key", "first_seen", "seen_at", *COLUMNS["opportunity"])
        quoted = ", ".join(names)
        query = f"SELECT {quoted} FROM opportunity WHERE connection = ? AND id = ? AND first_seen IS NOT NULL"
        with self.reading() as sql:
            rows = sql.rows(query, self.connection_key(connection), id_)
        if not rows:
            return None
        row = dict(zip(names, rows[0], strict=True))
        unread = [name for name in (row.pop("unread") or "").split(";") if name]
        stamps = {c: DECODE["instant"](row.pop(c)) for c in ("first_seen", "seen_at")}
        return {"key": row.pop("key"), "unread": unread, **stamps, **_decoded("opportunity", row)}

    def activities_of(self, connection: str, id_: str) -> list[Record]:
        """Activities on a deal and, without a deal of their own, on its contacts; newest first."""
        query = (
            " WHERE connection = ? AND (key = {deal} OR (key = 0 AND contact_id IN (SELECT contact_id FROM contact_role"
            " WHERE connection = ? AND gone IS NULL AND key = {deal})))"
        )
        key = self.connection_key(connection)
        with self.reading() as sql:
            deal = _key(sql, key, id_)
            rows = list(_records(sql, "activity", query.format(deal=deal), key, key))
        newest = sorted(rows, key=lambda r: str(r["at"] or r["due"] or r["created"] or ""), reverse=True)
        return [record | {"opportunity_id": id_ if record.pop("key") else None} for record in newest]

    def history_of(self, connection: str, id_: str) -> dict[str, list[Record]]:
        """{"stages": stage changes, "changes": field changes} of a deal, oldest first."""
        key = self.connection_key(connection)
        with self.reading() as sql:
            deal = _key(sql, key, id_)
            kept = {"stages": "stage_change", "changes": "field_change"}
            where = " WHERE connection = ? AND key = ?"
            return {
                name: [
                    r | {"opportunity_id": id_ if r.pop("key") else None}
                    for r in _records(sql, table, where, key, deal)
                ]
                for name, table in kept.items()
            }

    def records(self, connection: str, table: str) -> list[Record]:
        """Every record of a list table (owner, account, crm_stage, rate), by id."""
        if table not in mirror_tables.LISTS:
            raise ValueError(f"{table} is no list: {', '.join(mirror_tables.LISTS)}")
        with self.reading() as sql:
            return list(_records(sql, table, " WHERE connection = ?", self.connection_key(connection)))


def _key(sql: Sql, connection: int, id_: str) -> int:
    """The deal's key, -1 where there is none."""
    rows = sql.rows("SELECT key FROM opportunity WHERE connection = ? AND id = ?", connection, id_)
    return int(rows[0][0]) if rows else -1


def _records(sql: Sql, table: str, where: str, *parameters: Any) -> Iterator[Record]:
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


def deal_row(row: tuple[Any, ...], told: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """DEAL_COLUMNS of a deal with its findings, told as status and JSON, as one of `Explain.deals`."""
    deal = dict(zip(DEAL_COLUMNS, row, strict=True))
    found: dict[str, list[Any]] = {"broken": [], "unknown": []}
    for status, flag in told:
        found[status].append(orjson.loads(flag))
    read = {"is_open": bool(deal["is_open"]), "detail": orjson.loads(deal["detail"] or "{}")}
    return deal | read | {"flags": found["broken"], "unknown": found["unknown"]}
