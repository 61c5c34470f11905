"""Decisions: the verdict that was in force at an instant, read from the current and the past rows.

The past is ordered by run: a row holds from the run that `began` it to the run that `ended` it. An instant belongs to
the judgement with the newest as_of at or before it; of several with the same as_of, to the last one made. A past day
that is judged again changes that day only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from model.subjects import OPPORTUNITIES
from store import work_tables
from store.codec import instant, instant_of
from store.verdicts.deal_list import DEAL_COLUMNS, at_run, deal_row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from store.database import Database
    from store.fence import Lease
    from store.sql import Sql

ABOUT_DEALS: Final = f" AND subject = '{OPPORTUNITIES.table}'"
IN_FORCE: Final = pl.Schema({"key": pl.Int64(), "policy": pl.String(), "status": pl.String(), "shown": pl.Boolean()})


@dataclass(frozen=True)
class Judgement:
    """One judging of a connection: its run, its instant, the digest of its policies and its calibration."""

    run: int
    as_of: datetime
    digest: str
    calibration: str


@dataclass(frozen=True)
class Decisions:
    """Verdicts of past instants."""

    database: Database

    def standing(self, connection: str, at: datetime) -> pl.DataFrame:
        """Findings (schema IN_FORCE) of the newest verdict at or before `at`; empty if there is none."""
        key = self.database.connection_key(connection)
        with self.database.reading() as sql:
            run = run_at(sql, key, at)
            if run is None:
                return pl.DataFrame(schema=IN_FORCE)
            query, parameters = _rows_after("finding", IN_FORCE.names(), key, run)
            return sql.frame(f"{query} ORDER BY key, policy", parameters, IN_FORCE)

    def judgement(self, connection: str, at: datetime) -> Judgement | None:
        """The newest judgement at or before an instant; None if there is none."""
        key = self.database.connection_key(connection)
        with self.database.reading() as sql:
            run = run_at(sql, key, at)
            return None if run is None else _judgement(sql, run)

    def newest(self, connection: str) -> Judgement | None:
        """The judgement that the current verdict is from; None if the connection was never judged."""
        query = "SELECT max(id) FROM run WHERE connection = ? AND judged = 1"
        with self.database.reading() as sql:
            run = sql.rows(query, self.database.connection_key(connection))[0][0]
            return None if run is None else _judgement(sql, run)

    def judged_since(self, connection: str) -> datetime | None:
        """The instant of the oldest judgement with kept verdicts; None if there is none."""
        query = "SELECT min(as_of) FROM run WHERE connection = ? AND judged = 1"
        with self.database.reading() as sql:
            (oldest,) = sql.rows(query, self.database.connection_key(connection))[0]
        return None if oldest is None else instant_of(oldest)

    def decided(self, connection: str, deal_id: str, at: datetime) -> dict[str, Any] | None:
        """The deal as in `Verdicts.deals` after the newest judgement at or before `at`; None if there is none."""
        key = self.database.connection_key(connection)
        with self.database.reading() as sql:
            run = run_at(sql, key, at)
            deals = sql.rows("SELECT key FROM opportunity WHERE connection = ? AND id = ?", key, deal_id)
            if run is None or not deals:
                return None
            return _decided(sql, key, deals[0][0], deal_id, run)

    def forget(self, connection: str, before: datetime, lease: Lease | None = None) -> int:
        """Delete past rows that ended before the verdict in force at an instant; returns how many."""
        key = self.database.connection_key(connection)
        with self.database.writing(lease) as sql:
            oldest = oldest_kept(sql, key, before)
            sql.run("UPDATE run SET judged = NULL WHERE connection = ? AND judged = 1 AND id < ?", key, oldest or 0)
        past, where = (work_tables.finding_past, work_tables.deal_verdict_past), "connection = ? AND ended <= ?"
        return sum(self.database.delete(table, where, (key, oldest or 0), lease) for table in past)


def _judgement(sql: Sql, run: int) -> Judgement:
    id_, as_of, digest, calibration = sql.rows(
        "SELECT id, as_of, policy_digest, calibration FROM run WHERE id = ?", run
    )[0]
    return Judgement(id_, instant_of(as_of), digest, calibration)


def run_at(sql: Sql, connection: int, at: datetime) -> int | None:
    """The run of the judgement that an instant belongs to."""
    query = "SELECT id FROM run WHERE connection = ? AND judged = 1 AND as_of <= ? ORDER BY as_of DESC, id DESC LIMIT 1"
    return next((int(row[0]) for row in sql.rows(query, connection, instant(at))), None)


def oldest_kept(sql: Sql, connection: int, before: datetime) -> int | None:
    """The last judged run before the first one that judged at or after `before`; without one, the newest judged run."""
    query = "SELECT max(id) FROM run WHERE connection = ? AND judged = 1 AND id < coalesce(({first}), id + 1)"
    first = "SELECT min(id) FROM run WHERE connection = ? AND judged = 1 AND as_of >= ?"
    (oldest,) = sql.rows(query.format(first=first), connection, connection, instant(before))[0]
    return None if oldest is None else int(oldest)


def _rows_after(
    table: str, names: Sequence[str], connection: int, run: int, deal: int | None = None
) -> tuple[str, tuple[Any, ...]]:
    """A query for the rows of `finding` or `deal_verdict` after a run (of one deal if given), and its parameters."""
    where, given = ("", ()) if deal is None else (" AND key = ?", (deal,))
    where += ABOUT_DEALS if table == "finding" else ""
    columns = ", ".join(names)
    now = f"SELECT {columns} FROM {table} WHERE connection = ? AND began <= ?{where}"
    then = f"SELECT {columns} FROM {table}_past WHERE connection = ? AND began <= ? AND ended > ?{where}"
    return f"SELECT {columns} FROM ({now} UNION ALL {then}) t", (connection, run, *given, connection, run, run, *given)


def _decided(sql: Sql, connection: int, deal: int, id_: str, run: int) -> dict[str, Any] | None:
    query, parameters = _rows_after(
        "deal_verdict", [name for name in DEAL_COLUMNS if name != "id"], connection, run, deal
    )
    rows = sql.rows(query, *parameters)
    if not rows:
        return None
    query, parameters = _rows_after("finding", ("policy", "status", "flag"), connection, run, deal)
    flags = sql.rows(f"{query} WHERE flag IS NOT NULL ORDER BY policy", *parameters)
    key, *rest = rows[0]
    kept = deal_row((key, id_, *rest), [(status, flag) for _, status, flag in flags])
    return {**kept, **at_run(sql, connection, deal, run)}
