"""Raw statements for many rows: the same SQL text on both databases.

At a million rows SQLAlchemy's bind and result processing costs more than the database. Here rows pass as primitive
tuples (store/codec.py) in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from io import BytesIO
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import orjson
import polars as pl

from model.helpers.gc_paused import uncollected
from store.codec import clean_all

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import sqlalchemy as sa

FETCH: Final = 50_000
COPY_FROM: Final = 100
"""PostgreSQL: the number of rows from which COPY into a temporary table is faster."""

MARKS: Final = 999
"""The number of `?` that every SQLite accepts in one statement."""


@dataclass(frozen=True)
class Sql:
    """Raw SQL on one open transaction; parameters are `?` on both databases."""

    tx: sa.Connection
    _staged: set[str] = field(default_factory=set)

    @cached_property
    def postgres(self) -> bool:
        """Whether the database is PostgreSQL."""
        return self.tx.dialect.name == "postgresql"

    def text(self, sql: str) -> str:
        """The statement in the driver's form; {C} sorts text byte by byte, {JOIN} joins texts."""
        sql = sql.replace("{C}", ' COLLATE "C"' if self.postgres else "")
        sql = sql.replace("{JOIN}", "string_agg" if self.postgres else "group_concat")
        return sql.replace("?", "%s") if self.postgres else sql

    def among(self, column: str, values: Collection[Any]) -> tuple[str, Any]:
        """A condition that `column` is one of `values`, and its parameter."""
        if self.postgres:
            return f"{column} = ANY(?)", list(values)
        return f"{column} IN (SELECT value FROM json_each(?))", orjson.dumps(list(values)).decode()

    def lookup(  # noqa: PLR0917 - the parts of one SELECT
        self, table: str, names: Sequence[str], connection: int, column: str, values: Collection[Any], more: str = ""
    ) -> list[tuple[Any, ...]]:
        """`names` of the rows that have one of `values` in `column`, each found through its index.

        SQLite does not use the index for IN; the CROSS JOIN forces it to.
        """
        columns, (values,) = ", ".join(f't."{name}"' for name in names), clean_all([tuple(values)])
        if self.postgres:
            where = f't.connection = ? AND t."{column}" = ANY(?)'
            return self.rows(f'SELECT {columns} FROM "{table}" t WHERE {where} {more}', connection, list(values))
        given = orjson.dumps(values).decode()
        join = f'json_each(?) j CROSS JOIN "{table}" t ON t."{column}" = j.value AND t.connection = ?'
        return self.rows(f"SELECT {columns} FROM {join} WHERE 1 = 1 {more}", given, connection)

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """All rows of a small result."""
        cursor: Any = self.tx.connection.cursor()  # SQLAlchemy's rows cost more than the query
        try:
            cursor.execute(self.text(sql), parameters)
            return list(cursor.fetchall())
        finally:
            cursor.close()

    def many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """One statement for many rows."""
        if rows:
            self.tx.exec_driver_sql(self.text(sql), list(rows))

    def run(self, sql: str, *parameters: Any) -> int:
        """One statement; returns how many rows it changed."""
        return self.tx.exec_driver_sql(self.text(sql), parameters).rowcount

    def frame(self, sql: str, parameters: Sequence[Any], schema: pl.Schema) -> pl.DataFrame:
        """A large result as a frame with the columns of `schema`, in order."""
        raw = pl.Schema({name: _raw(kind) for name, kind in schema.items()})
        read = self._copied if self.postgres else self._fetched
        found = read(self.text(sql), parameters, raw)
        if found is None:
            return _empty(tuple(schema.items())).clone()
        return found.select(_typed(name, kind) for name, kind in schema.items())

    def _fetched(self, sql: str, parameters: Sequence[Any], raw: pl.Schema) -> pl.DataFrame | None:
        cursor = self.tx.connection.cursor()
        try:
            with uncollected():
                cursor.execute(sql, tuple(parameters))
                parts = [_chunk(rows, raw) for rows in _chunks(cursor)]
        finally:
            cursor.close()
        return pl.concat(parts) if parts else None

    def _copied(self, sql: str, parameters: Sequence[Any], raw: pl.Schema) -> pl.DataFrame | None:
        """Read by COPY, three times as fast as fetching. Null is an unquoted blank; blank text is never stored."""
        sink = BytesIO()
        cursor: Any = self.tx.connection.cursor()
        with cursor, cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)", tuple(parameters)) as copy:
            for block in copy:
                sink.write(block)
        if not sink.tell():
            return None
        return pl.read_csv(sink.getvalue(), has_header=False, schema=raw)

    def upsert(
        self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], unique: Sequence[str]
    ) -> None:
        """Insert rows, or replace `columns` of those that exist."""
        if not rows:
            return
        rows = clean_all(rows)
        names = ", ".join(f'"{c}"' for c in columns)
        rest = [c for c in columns if c not in unique]
        act = "UPDATE SET " + ", ".join(f'"{c}" = excluded."{c}"' for c in rest) if rest else "NOTHING"
        conflict = f"ON CONFLICT ({', '.join(unique)}) DO {act}"
        if self.postgres and len(rows) >= COPY_FROM:
            self._stage(table, names, rows)
            self.run(f'INSERT INTO "{table}" ({names}) SELECT {names} FROM "stage_{table}" {conflict}')
        else:
            self._insert(f'INSERT INTO "{table}" ({names}) VALUES', rows, conflict)

    def _insert(self, into: str, rows: Sequence[tuple[Any, ...]], conflict: str) -> None:
        """Several rows per statement: one statement per row costs SQLite half as much again."""
        marks, most = f"({', '.join('?' * len(rows[0]))})", MARKS // len(rows[0])
        whole = 0 if self.postgres else len(rows) - len(rows) % most
        cursor: Any = self.tx.connection.cursor()
        for start in range(0, whole, most):
            some = chain.from_iterable(rows[start : start + most])
            cursor.execute(f"{into} {', '.join([marks] * most)} {conflict}", list(some))
        cursor.close()
        self.many(f"{into} {marks} {conflict}", rows[whole:])

    def _stage(self, table: str, names: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """COPY rows into a temporary table of the session, emptied at every commit."""
        stage = f'"stage_{table}"'
        as_table = f'ON COMMIT DELETE ROWS AS SELECT {names} FROM "{table}" WITH NO DATA'
        self.run(f"CREATE TEMP TABLE IF NOT EXISTS {stage} {as_table}")
        if table in self._staged:
            self.run(f"TRUNCATE {stage}")
        self._staged.add(table)
        cursor: Any = self.tx.connection.cursor()
        with cursor, cursor.copy(f"COPY {stage} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


@cache
def _empty(schema: tuple[tuple[str, pl.DataType], ...]) -> pl.DataFrame:
    """A frame without rows; Polars takes long to make one with many columns."""
    return pl.DataFrame(schema=dict(schema))


def _chunks(cursor: Any) -> Iterator[list[tuple[Any, ...]]]:
    while rows := cursor.fetchmany(FETCH):
        yield rows


def _chunk(rows: list[tuple[Any, ...]], raw: pl.Schema) -> pl.DataFrame:
    return pl.DataFrame(
        [
            pl.Series(name, values, dtype=kind)
            for (name, kind), values in zip(raw.items(), zip(*rows, strict=True), strict=True)
        ]
    )


def _raw(kind: pl.DataType) -> pl.DataType:
    """The stored type of a frame's column."""
    if kind == pl.String or kind.is_decimal() or kind == pl.List(pl.String):
        return pl.String()
    return pl.Float64() if kind.is_float() else pl.Int64()


def _typed(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if kind == pl.Date:
        return column.cast(pl.Int32).cast(pl.Date)
    if kind == pl.List(pl.String):
        return column.str.split("\x1f").list.drop_nulls()
    return column if kind in {pl.String, pl.Int64, pl.Float64} else column.cast(kind)
