"""The latest verdict on each deal: findings, score and breaches. Only rows that differ are written.

A row that a run replaces in `finding` or `deal_verdict` moves to the table's past, with the run that began it and the
run that ended it (read by store/verdicts/decisions.py). Breaches have their own dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import sqlalchemy as sa

from model.deal_keys import ALL_DEALS
from model.previous_verdict import BREACHES, DEAL_VERDICTS, FINDINGS
from model.subjects import OPPORTUNITIES
from store import work_tables
from store.approvals import note_used
from store.codec import day, instant
from store.sql_parts import deal_filter
from store.verdicts.deal_labels import LABELS, deal_labels
from store.verdicts.deal_list import deal_list

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from model.deal_keys import DealKeys
    from model.subjects import Subject
    from store.approvals import Approval
    from store.database import Database
    from store.fence import Lease
    from store.sql import Sql

TABLES: Final = {
    "finding": (FINDINGS, ("key", "policy")),
    "deal_verdict": (pl.Schema({**DEAL_VERDICTS, **LABELS}), ("key",)),
    "breach": (BREACHES, ("key", "criterion", "side", "moved_at")),
}
"""Table → (its frame's schema, the key of a row within a connection)."""
RUN: Final = pl.Int64()
WITH_PAST: Final = ("finding", "deal_verdict")
"""Tables with a past."""


@dataclass(frozen=True)
class Verdicts:
    """The latest verdict of each connection."""

    database: Database

    def previous(self, connection: str, keys: DealKeys = ALL_DEALS) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """(findings, deals, breaches) of model/previous_verdict.py as last kept of some deals."""
        key = self.database.connection_key(connection)
        with self.database.reading() as sql:
            findings, deals, breaches = (_kept(sql, table, key, keys) for table in TABLES)
        return findings.select(FINDINGS.names()), deals.select(DEAL_VERDICTS.names()), breaches

    def findings(self, connection: str, subject: Subject) -> pl.DataFrame:
        """FINDINGS as last kept about a subject other than deals."""
        key = self.database.connection_key(connection)
        with self.database.reading() as sql:
            return _kept(sql, "finding", key, ALL_DEALS, subject).select(FINDINGS.names())

    def keep_findings(
        self, connection: str, run_id: int, subject: Subject, findings: pl.DataFrame, lease: Lease | None = None
    ) -> None:
        """Replace the findings about a subject other than deals; the replaced rows are the past of this run."""
        if findings.is_empty() and self.findings(connection, subject).is_empty():
            return
        key = self.database.connection_key(connection)
        with self.database.writing(lease) as sql:
            old = _kept(sql, "finding", key, ALL_DEALS, subject)
            _replace(sql, "finding", key, old, findings, run_id, subject)

    def keep(  # noqa: PLR0917 - a verdict is three frames of one run
        self,
        connection: str,
        run_id: int,
        as_of: datetime,
        findings: pl.DataFrame,
        deals: pl.DataFrame,
        breaches: pl.DataFrame,
        keys: DealKeys = ALL_DEALS,
        lease: Lease | None = None,
        digest: str = "",
        used: Iterable[Approval] = (),
    ) -> dict[str, int]:
        """Replace the verdicts of some deals; {opened, closed, written, removed}.

        The replaced rows stay readable as the past of this run. `opened` and `closed` count findings that became broken
        or ceased to be; `digest` is the policy set's; `used` are the approvals that let the verdict through the brake,
        noted in the same transaction. Raises ValueError if a later run has judged.
        """
        key = self.database.connection_key(connection)
        with self.database.writing(lease) as sql:
            _note_judged(sql, key, run_id, as_of, digest)
            labelled = deals.join(deal_labels(sql, key, keys), on="key", how="left", maintain_order="left")
            frames = {"finding": findings, "deal_verdict": labelled, "breach": breaches}
            old = {table: _kept(sql, table, key, keys) for table in frames}
            counts = [_replace(sql, table, key, old[table], frame, run_id) for table, frame in frames.items()]
            note_used(sql, key, used, as_of)
        written, removed = (sum(part) for part in zip(*counts, strict=True))
        return {**_opened_and_closed(old["finding"], findings), "written": written, "removed": removed}

    def deals(self, connection: str, keys: DealKeys = ALL_DEALS) -> list[dict[str, Any]]:
        """Deals that are not gone: {key, id, name, pipeline, stage_name, owner, is_open, score, score_reason,
        gate, detail, amount, currency, close_date, team, flags, unknown}; detail, flags and unknown are the JSON
        objects of the verdict, stage_name is the stage's label, amount is decimal text.
        """
        with self.database.reading() as sql:
            return deal_list(sql, self.database.connection_key(connection), keys)

    def first_run_dates(self, connection: str) -> dict[str, date]:
        """Policy or criterion id → the local day of its first run that was not dry."""
        table = work_tables.first_run
        query = sa.select(table.c.id, table.c.day).where(table.c.connection == self.database.connection_key(connection))
        with self.database.reading() as sql:
            return dict(tuple(row) for row in sql.tx.execute(query))

    def note_first_run(self, connection: str, ids: Iterable[str], first: date) -> None:
        """Note the first day of ids without one."""
        key = self.database.connection_key(connection)
        with self.database.writing() as sql:
            sql.many(
                "INSERT INTO first_run (connection, id, day) VALUES (?, ?, ?) ON CONFLICT (connection, id) DO NOTHING",
                [(key, id_, day(first)) for id_ in sorted(ids)],
            )


def _note_judged(sql: Sql, connection: int, run_id: int, as_of: datetime, digest: str) -> None:
    """Mark the run as judged. The past is ordered by run, so a run earlier than the latest judged one is refused."""
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
    began = ("began",) if table in WITH_PAST else ()
    return [*TABLES[table][0], *began]


def _kept(sql: Sql, table: str, connection: int, keys: DealKeys, subject: Subject = OPPORTUNITIES) -> pl.DataFrame:
    """The current rows, with the run that `began` them if the table has a past."""
    frame_schema, unique = TABLES[table]
    names = _columns(table)
    about = f" AND subject = '{subject.table}'" if table == "finding" else ""
    query = (
        f"SELECT {', '.join(names)} FROM {table} WHERE connection = ? AND {deal_filter(keys)}{about}"
        f" ORDER BY {', '.join(unique)}"
    )
    return sql.frame(query, (connection,), pl.Schema({name: frame_schema.get(name, RUN) for name in names}))


def _replace(  # noqa: PLR0917 - the old rows, the new rows and the run
    sql: Sql,
    table: str,
    connection: int,
    old: pl.DataFrame,
    new: pl.DataFrame,
    run_id: int,
    subject: Subject = OPPORTUNITIES,
) -> tuple[int, int]:
    """Write the rows that differ and delete those that no longer exist; returns (written, deleted)."""
    frame_schema, unique = TABLES[table]
    new = new.select(frame_schema.names()).cast(frame_schema)
    changed = new.join(old, on=frame_schema.names(), how="anti", nulls_equal=True)
    absent = old.join(new, on=unique, how="anti").select(unique)
    if table in WITH_PAST:
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
    """Rows in their stored form."""
    if frame.is_empty():
        return []
    whole = [pl.col(c).to_physical() for c, kind in frame.schema.items() if kind.is_temporal()]
    yes_no = [pl.col(c).cast(pl.Int64) for c, kind in frame.schema.items() if kind == pl.Boolean]
    return [(connection, *row) for row in frame.with_columns(*whole, *yes_no).iter_rows()]


def _opened_and_closed(old: pl.DataFrame, new: pl.DataFrame) -> dict[str, int]:
    """How many findings became broken or ceased to be."""
    names = ["key", "policy"]
    before, after = (frame.filter(pl.col("status") == "broken").select(names) for frame in (old, new))
    opened, closed = after.join(before, on=names, how="anti"), before.join(after, on=names, how="anti")
    return {"opened": opened.height, "closed": closed.height}
