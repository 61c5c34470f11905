"""Verdicts: findings, scores and breaches of each deal as last judged; only what differs is written.

What a run takes from `finding` and `deal_verdict` moves to their past, with the run that said it and the run that said
otherwise (store/verdicts/decisions.py reads it). Breaches carry their own dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import sqlalchemy as sa

from model.previous_verdict import BREACHES, DEAL_VERDICTS, FINDINGS
from store import work_tables
from store.approvals import note_used
from store.codec import day, instant
from store.mirror_tables import ALL_KEYS
from store.verdicts.deal_labels import FACE, faces
from store.verdicts.deal_list import deal_list

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from store.approvals import Approval
    from store.database import Database
    from store.fence import Lease
    from store.sql import Sql

TABLES: Final = {
    "finding": (FINDINGS, ("key", "policy")),
    "deal_verdict": (pl.Schema({**DEAL_VERDICTS, **FACE}), ("key",)),
    "breach": (BREACHES, ("key", "criterion", "side", "moved_at")),
}
"""Table → its frame's schema and what names a row within a connection."""
RUN: Final = pl.Int64()
LASTING: Final = ("finding", "deal_verdict")
"""Tables that have a past."""


@dataclass(frozen=True)
class Verdicts:
    """What was judged before, and what is judged now."""

    database: Database

    def previous(
        self, connection: str, keys: tuple[int, int] | None = None
    ) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """(findings, deals, breaches) of model/previous_verdict.py as last kept, of a range of deals where given."""
        key = self.database.connection_key(connection)
        with self.database.reading() as sql:
            findings, deals, breaches = (_kept(sql, table, key, keys or ALL_KEYS) for table in TABLES)
        return findings.select(FINDINGS.names()), deals.select(DEAL_VERDICTS.names()), breaches

    def keep(  # noqa: PLR0917 - a verdict is three frames of one run
        self,
        connection: str,
        run_id: int,
        as_of: datetime,
        findings: pl.DataFrame,
        deals: pl.DataFrame,
        breaches: pl.DataFrame,
        keys: tuple[int, int] | None = None,
        lease: Lease | None = None,
        digest: str = "",
        used: Iterable[Approval] = (),
    ) -> dict[str, int]:
        """Replace the verdicts of a range of deals (None: all); {opened, closed, written, removed}.

        What is replaced stays readable as what stood until this run. `opened` and `closed` count broken policies that
        appeared or went; `digest` is that of the policies judged by; `used`: approvals by which it went through the
        brake, noted with it or not at all. Raises ValueError where a later run has judged.
        """
        key, span = self.database.connection_key(connection), keys or ALL_KEYS
        with self.database.writing(lease) as sql:
            _note_judged(sql, key, run_id, as_of, digest)
            shown = deals.join(faces(sql, key, span), on="key", how="left", maintain_order="left")
            frames = {"finding": findings, "deal_verdict": shown, "breach": breaches}
            old = {table: _kept(sql, table, key, span) for table in frames}
            counts = [_replace(sql, table, key, old[table], frame, run_id) for table, frame in frames.items()]
            note_used(sql, key, used, as_of)
        written, removed = (sum(part) for part in zip(*counts, strict=True))
        return {**_turned(old["finding"], findings), "written": written, "removed": removed}

    def deals(self, connection: str) -> list[dict[str, Any]]:
        """Every deal that is not gone: {key, id, name, pipeline, stage_name, owner, is_open, score, score_reason,
        gate, detail, flags, unknown}; detail, flags and unknown are the JSON objects of the verdict, stage_name is the
        stage's label.
        """
        with self.database.reading() as sql:
            return deal_list(sql, self.database.connection_key(connection))

    def first_run_dates(self, connection: str) -> dict[str, date]:
        """Policy or criterion id → the local day of its first run that was not dry."""
        table = work_tables.first_run
        query = sa.select(table.c.id, table.c.day).where(table.c.connection == self.database.connection_key(connection))
        with self.database.reading() as sql:
            return dict(tuple(row) for row in sql.tx.execute(query))

    def note_first_run(self, connection: str, ids: Iterable[str], first: date) -> None:
        """Note the day for ids that have none yet."""
        key = self.database.connection_key(connection)
        with self.database.writing() as sql:
            sql.many(
                "INSERT INTO first_run (connection, id, day) VALUES (?, ?, ?) ON CONFLICT (connection, id) DO NOTHING",
                [(key, id_, day(first)) for id_ in sorted(ids)],
            )


def _note_judged(sql: Sql, connection: int, run_id: int, as_of: datetime, digest: str) -> None:
    """Mark the run as one that has left a verdict; the past is in the order of runs, so that none may come late."""
    query = "SELECT count(*) FROM run WHERE connection = ? AND judged = 1 AND id > ?"
    (later,) = sql.rows(query, connection, run_id)[0]
    if later:
        raise ValueError(f"run {run_id} cannot keep a verdict: a later run of this connection has judged")
    sql.run(
        "UPDATE run SET judged = 1, as_of = ?, policy_digest = CASE WHEN ? = '' THEN policy_digest ELSE ? END"
        " WHERE id = ? AND judged IS NULL",
        *(instant(as_of), digest, digest, run_id),
    )


def _columns(table: str) -> list[str]:
    began = ("began",) if table in LASTING else ()
    return [*TABLES[table][0], *began]


def _kept(sql: Sql, table: str, connection: int, span: tuple[int, int]) -> pl.DataFrame:
    """The rows that stand, with the run that `began` them where the table has a past."""
    frame_schema, unique = TABLES[table]
    names = _columns(table)
    query = (
        f"SELECT {', '.join(names)} FROM {table} WHERE connection = ? AND key BETWEEN ? AND ?"
        f" ORDER BY {', '.join(unique)}"
    )
    return sql.frame(query, (connection, *span), pl.Schema({name: frame_schema.get(name, RUN) for name in names}))


def _replace(  # noqa: PLR0917 - from what, to what, by whom
    sql: Sql, table: str, connection: int, old: pl.DataFrame, new: pl.DataFrame, run_id: int
) -> tuple[int, int]:
    """Write the rows that differ and remove those that are no more; (written, removed)."""
    frame_schema, unique = TABLES[table]
    new = new.select(frame_schema.names()).cast(frame_schema)
    changed = new.join(old, on=frame_schema.names(), how="anti", nulls_equal=True)
    absent = old.join(new, on=unique, how="anti").select(unique)
    if table in LASTING:
        displaced = old.join(new, on=frame_schema.names(), how="anti", nulls_equal=True)
        displaced = displaced.filter(pl.col("began") < run_id).with_columns(ended=pl.lit(run_id, RUN))
        past = ("connection", *_columns(table), "ended")
        sql.upsert(f"{table}_past", past, tuples(connection, displaced), ("connection", *unique, "began"))
        changed = changed.with_columns(began=pl.lit(run_id, RUN))
    where = " AND ".join(f"{c} = ?" for c in unique)
    sql.many(f"DELETE FROM {table} WHERE connection = ? AND {where}", tuples(connection, absent))
    sql.upsert(table, ("connection", *_columns(table)), tuples(connection, changed), ("connection", *unique))
    return changed.height, absent.height


def tuples(connection: int, frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    """Rows as they lie in the database."""
    whole = [pl.col(c).to_physical() for c, kind in frame.schema.items() if kind.is_temporal()]
    yes_no = [pl.col(c).cast(pl.Int64) for c, kind in frame.schema.items() if kind == pl.Boolean]
    return [(connection, *row) for row in frame.with_columns(*whole, *yes_no).iter_rows()]


def _turned(old: pl.DataFrame, new: pl.DataFrame) -> dict[str, int]:
    """How many broken policies appeared and went."""
    names = ["key", "policy"]
    before, after = (frame.filter(pl.col("status") == "broken").select(names) for frame in (old, new))
    opened, closed = after.join(before, on=names, how="anti"), before.join(after, on=names, how="anti")
    return {"opened": opened.height, "closed": closed.height}
