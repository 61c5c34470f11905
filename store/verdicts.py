"""Verdicts: findings, scores and breaches of each deal as last judged; only what differs is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl
import sqlalchemy as sa

from model.memory import BREACHES, DEAL_VERDICTS, FINDINGS
from store import ledger
from store.base import Base
from store.codec import day, instant
from store.snapshot import ALL_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from store.fence import Lease
    from store.sql import Sql

TABLES: Final = {
    "finding": (FINDINGS, ("key", "policy")),
    "deal_verdict": (DEAL_VERDICTS, ("key",)),
    "breach": (BREACHES, ("key", "criterion", "side", "moved_at")),
}
"""Table → its frame's schema and what names a row within a connection."""
LOG: Final = ("connection", "key", "policy", "event", "run", "as_of")


class Verdicts(Base):
    """What was judged before, and what is judged now."""

    def memory(
        self, connection: str, keys: tuple[int, int] | None = None
    ) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """(findings, deals, breaches) of model/memory.py as last kept, of a range of deals where given."""
        key = self.connection_key(connection)
        with self.reading() as sql:
            findings, deals, breaches = (_kept(sql, table, key, keys or ALL_KEYS) for table in TABLES)
        return findings, deals, breaches

    def keep_verdict(  # noqa: PLR0917 - a verdict is three frames of one run
        self,
        connection: str,
        run_id: int,
        as_of: datetime,
        findings: pl.DataFrame,
        deals: pl.DataFrame,
        breaches: pl.DataFrame,
        keys: tuple[int, int] | None = None,
        lease: Lease | None = None,
    ) -> dict[str, int]:
        """Replace the verdicts of a range of deals (None: all); {opened, closed, written, removed}.

        `opened` and `closed` count broken policies that appeared or went, each also noted in the finding log.
        """
        key, span = self.connection_key(connection), keys or ALL_KEYS
        with self.writing(lease) as sql:
            frames = {"finding": findings, "deal_verdict": deals, "breach": breaches}
            old = {table: _kept(sql, table, key, span) for table in frames}
            log = _log(old["finding"], findings, key, run_id, instant(as_of))
            counts = [_replace(sql, table, key, old[table], frame) for table, frame in frames.items()]
            sql.upsert("finding_log", LOG, log, ("id",))
        opened = sum(row[3] == "opened" for row in log)
        written, removed = (sum(part) for part in zip(*counts, strict=True))
        return {"opened": opened, "closed": len(log) - opened, "written": written, "removed": removed}

    def finding_log(self, connection: str, deal_key: int) -> list[dict[str, Any]]:
        """When each flag of a deal opened and closed: {policy, event, run, as_of}, oldest first."""
        table = ledger.finding_log
        mine = (table.c.connection == self.connection_key(connection)) & (table.c.key == deal_key)
        query = sa.select(table.c.policy, table.c.event, table.c.run, table.c.as_of).where(mine).order_by(table.c.id)
        with self.reading() as sql:
            return [dict(row) for row in sql.tx.execute(query).mappings()]

    def first_run_dates(self, connection: str) -> dict[str, date]:
        """Policy or criterion id → the local day of its first run that was not dry."""
        table = ledger.first_run
        query = sa.select(table.c.id, table.c.day).where(table.c.connection == self.connection_key(connection))
        with self.reading() as sql:
            return dict(tuple(row) for row in sql.tx.execute(query))

    def note_first_run(self, connection: str, ids: Iterable[str], first: date) -> None:
        """Note the day for ids that have none yet."""
        key = self.connection_key(connection)
        with self.writing() as sql:
            sql.many(
                "INSERT INTO first_run (connection, id, day) VALUES (?, ?, ?) ON CONFLICT (connection, id) DO NOTHING",
                [(key, id_, day(first)) for id_ in sorted(ids)],
            )


def _kept(sql: Sql, table: str, connection: int, span: tuple[int, int]) -> pl.DataFrame:
    frame_schema, unique = TABLES[table]
    query = (
        f"SELECT {', '.join(frame_schema)} FROM {table} WHERE connection = ? AND key BETWEEN ? AND ?"
        f" ORDER BY {', '.join(unique)}"
    )
    return sql.frame(query, (connection, *span), frame_schema)


def _replace(sql: Sql, table: str, connection: int, old: pl.DataFrame, new: pl.DataFrame) -> tuple[int, int]:
    """Write the rows that differ and remove those that are no more; (written, removed)."""
    frame_schema, unique = TABLES[table]
    new = new.select(frame_schema.names()).cast(frame_schema)
    changed = new.join(old, on=frame_schema.names(), how="anti", nulls_equal=True)
    absent = old.join(new, on=unique, how="anti").select(unique)
    where = " AND ".join(f"{c} = ?" for c in unique)
    sql.many(f"DELETE FROM {table} WHERE connection = ? AND {where}", _tuples(connection, absent))
    columns = ("connection", *frame_schema.names())
    sql.upsert(table, columns, _tuples(connection, changed), ("connection", *unique))
    return changed.height, absent.height


def _tuples(connection: int, frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    """Rows as they lie in the database."""
    whole = [pl.col(c).to_physical() for c, kind in frame.schema.items() if kind.is_temporal()]
    yes_no = [pl.col(c).cast(pl.Int64) for c, kind in frame.schema.items() if kind == pl.Boolean]
    return [(connection, *row) for row in frame.with_columns(*whole, *yes_no).iter_rows()]


def _log(old: pl.DataFrame, new: pl.DataFrame, connection: int, run_id: int, at: int) -> list[tuple[Any, ...]]:
    """Rows of the finding log: broken policies that appeared (opened) or went (closed)."""
    names = ["key", "policy"]
    before, after = (frame.filter(pl.col("status") == "broken").select(names) for frame in (old, new))
    events = {"opened": after.join(before, on=names, how="anti"), "closed": before.join(after, on=names, how="anti")}
    return [
        (connection, key, policy, event, run_id, at)
        for event, frame in events.items()
        for key, policy in frame.iter_rows()
    ]
