"""Verdicts: findings, scores and breaches of each deal as last judged; only what differs is written.

What a run takes from `finding` and `deal_verdict` moves to their past, with the run that said it and the run that said
otherwise (store/verdicts/decisions.py reads it). Breaches carry their own dates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl
import sqlalchemy as sa

from model.previous_verdict import BREACHES, DEAL_VERDICTS, FINDINGS
from model.subjects import OPPORTUNITIES
from store import work_tables
from store.codec import day, instant
from store.database import Base
from store.history.queries import ALL_KEYS
from store.verdicts.deal_labels import FACE, faces
from store.verdicts.pauses import note_used

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from model.subjects import Subject
    from store.fence import Lease
    from store.sql import Sql
    from store.verdicts.pauses import Approval

TABLES: Final = {
    "finding": (FINDINGS, ("key", "policy")),
    "deal_verdict": (pl.Schema({**DEAL_VERDICTS, **FACE}), ("key",)),
    "breach": (BREACHES, ("key", "criterion", "side", "moved_at")),
}
"""Table → its frame's schema and what names a row within a connection."""
RUN: Final = pl.Int64()
LASTING: Final = ("finding", "deal_verdict")
"""Tables that have a past."""


class Verdicts(Base):
    """What was judged before, and what is judged now."""

    def memory(
        self, connection: str, keys: tuple[int, int] | None = None
    ) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """(findings, deals, breaches) of model/previous_verdict.py as last kept, of a range of deals where given."""
        key = self.connection_key(connection)
        with self.reading() as sql:
            findings, deals, breaches = (_kept(sql, table, key, keys or ALL_KEYS) for table in TABLES)
        return findings.select(FINDINGS.names()), deals.select(DEAL_VERDICTS.names()), breaches

    def findings(self, connection: str, subject: Subject) -> pl.DataFrame:
        """FINDINGS as last kept about a subject that leaves nothing else."""
        with self.reading() as sql:
            kept = _kept(sql, "finding", self.connection_key(connection), ALL_KEYS, subject)
        return kept.select(FINDINGS.names())

    def keep_findings(
        self, connection: str, run_id: int, subject: Subject, findings: pl.DataFrame, lease: Lease | None = None
    ) -> None:
        """Replace the findings about such a subject, as `keep_verdict` does those about deals."""
        if findings.is_empty() and self.findings(connection, subject).is_empty():
            return
        key = self.connection_key(connection)
        with self.writing(lease) as sql:
            old = _kept(sql, "finding", key, ALL_KEYS, subject)
            _replace(sql, "finding", key, old, findings, run_id, subject)

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
        digest: str = "",
        used: Iterable[Approval] = (),
    ) -> dict[str, int]:
        """Replace the verdicts of a range of deals (None: all); {opened, closed, written, removed}.

        What is replaced stays readable as what stood until this run. `opened` and `closed` count broken policies that
        appeared or went; `digest` is that of the policies judged by; `used`: approvals by which it went through the
        brake, noted with it or not at all. Raises ValueError where a later run has judged.
        """
        key, span = self.connection_key(connection), keys or ALL_KEYS
        with self.writing(lease) as sql:
            _note_judged(sql, key, run_id, as_of, digest)
            shown = deals.join(faces(sql, key, span), on="key", how="left", maintain_order="left")
            frames = {"finding": findings, "deal_verdict": shown, "breach": breaches}
            old = {table: _kept(sql, table, key, span) for table in frames}
            counts = [_replace(sql, table, key, old[table], frame, run_id) for table, frame in frames.items()]
            note_used(sql, key, used, as_of)
        written, removed = (sum(part) for part in zip(*counts, strict=True))
        return {**_turned(old["finding"], findings), "written": written, "removed": removed}

    def first_run_dates(self, connection: str) -> dict[str, date]:
        """Policy or criterion id → the local day of its first run that was not dry."""
        table = work_tables.first_run
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


def _kept(
    sql: Sql, table: str, connection: int, span: tuple[int, int], subject: Subject = OPPORTUNITIES
) -> pl.DataFrame:
    """The rows that stand, with the run that `began` them where the table has a past."""
    frame_schema, unique = TABLES[table]
    names = _columns(table)
    about = f" AND subject = '{subject.table}'" if table == "finding" else ""
    query = (
        f"SELECT {', '.join(names)} FROM {table} WHERE connection = ? AND key BETWEEN ? AND ?{about}"
        f" ORDER BY {', '.join(unique)}"
    )
    return sql.frame(query, (connection, *span), pl.Schema({name: frame_schema.get(name, RUN) for name in names}))


def _replace(  # noqa: PLR0917 - from what, to what, by whom
    sql: Sql,
    table: str,
    connection: int,
    old: pl.DataFrame,
    new: pl.DataFrame,
    run_id: int,
    subject: Subject = OPPORTUNITIES,
) -> tuple[int, int]:
    """Write the rows that differ and remove those that are no more; (written, removed)."""
    frame_schema, unique = TABLES[table]
    new = new.select(frame_schema.names()).cast(frame_schema)
    changed = new.join(old, on=frame_schema.names(), how="anti", nulls_equal=True)
    absent = old.join(new, on=unique, how="anti").select(unique)
    if table in LASTING:
        displaced = old.join(new, on=frame_schema.names(), how="anti", nulls_equal=True)
        displaced = displaced.filter(pl.col("began") < run_id).with_columns(ended=pl.lit(run_id, RUN))
        displaced = _about(table, displaced, subject)
        past = ("connection", *displaced.columns)
        sql.upsert(f"{table}_past", past, tuples(connection, displaced), ("connection", *unique, "began"))
        changed = changed.with_columns(began=pl.lit(run_id, RUN))
    where = " AND ".join(f"{c} = ?" for c in unique)
    sql.many(f"DELETE FROM {table} WHERE connection = ? AND {where}", tuples(connection, absent))
    changed = _about(table, changed, subject)
    sql.upsert(table, ("connection", *changed.columns), tuples(connection, changed), ("connection", *unique))
    return changed.height, absent.height


def _about(table: str, rows: pl.DataFrame, subject: Subject) -> pl.DataFrame:
    """Rows with the column that only findings have."""
    return rows.with_columns(subject=pl.lit(subject.table)) if table == "finding" else rows


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
