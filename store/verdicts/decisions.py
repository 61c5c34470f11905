"""Decisions: verdicts as they stood at an instant, read from what stands and what stood once.

The past is in the order of runs: a row stood from the run that `began` it until the run that `ended` it. An instant
belongs to the judgement with the newest as_of at or before it, of several with that as_of to the last one made; so a
day that is judged again later, out of turn, answers for itself alone, and no day loses what was said on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from model.subjects import OPPORTUNITIES
from store.codec import instant, instant_of
from store.database import Base
from store.verdicts.explain import DEAL_COLUMNS, deal_row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from store.sql import Sql

ABOUT_DEALS: Final = f" AND subject = '{OPPORTUNITIES.table}'"
STANDING: Final = pl.Schema({"key": pl.Int64(), "policy": pl.String(), "status": pl.String(), "shown": pl.Boolean()})


@dataclass(frozen=True)
class Judgement:
    """One judging of a connection: its run, as of when, by the policies of which digest and by which calibration."""

    run: int
    as_of: datetime
    digest: str
    calibration: str


class Decisions(Base):
    """What was said of deals, and when."""

    def standing(self, connection: str, at: datetime) -> pl.DataFrame:
        """Findings (schema STANDING) of the newest verdict at or before `at`; empty where there is none."""
        key = self.connection_key(connection)
        with self.reading() as sql:
            run = run_at(sql, key, at)
            if run is None:
                return pl.DataFrame(schema=STANDING)
            query, parameters = _stood("finding", STANDING.names(), key, run)
            return sql.frame(f"{query} ORDER BY key, policy", parameters, STANDING)

    def judgement(self, connection: str, at: datetime) -> Judgement | None:
        """The newest judgement at or before an instant, None where there is none."""
        key = self.connection_key(connection)
        with self.reading() as sql:
            run = run_at(sql, key, at)
            if run is None:
                return None
            query = "SELECT id, as_of, policy_digest, calibration FROM run WHERE id = ?"
            id_, as_of, digest, calibration = sql.rows(query, run)[0]
        return Judgement(id_, instant_of(as_of), digest, calibration)

    def judged_since(self, connection: str) -> datetime | None:
        """As of when the oldest judgement is whose verdicts are still kept."""
        query = "SELECT min(as_of) FROM run WHERE connection = ? AND judged = 1"
        with self.reading() as sql:
            (oldest,) = sql.rows(query, self.connection_key(connection))[0]
        return None if oldest is None else instant_of(oldest)

    def decided(self, connection: str, deal_id: str, at: datetime) -> dict[str, Any] | None:
        """A deal as `Explain.deals` gave it after the newest judgement at or before `at`; None where there is none."""
        key = self.connection_key(connection)
        with self.reading() as sql:
            run = run_at(sql, key, at)
            deals = sql.rows("SELECT key FROM opportunity WHERE connection = ? AND id = ?", key, deal_id)
            if run is None or not deals:
                return None
            return _decided(sql, key, deals[0][0], deal_id, run)

    def forget_decisions(self, connection: str, before: datetime) -> int:
        """Drop what stood only before an instant; the verdict that stood at it stays. How many rows went."""
        key = self.connection_key(connection)
        with self.writing() as sql:
            oldest = oldest_kept(sql, key, before)
            if oldest is None:
                return 0
            sql.run("UPDATE run SET judged = NULL WHERE connection = ? AND judged = 1 AND id < ?", key, oldest)
            tables = ("finding_past", "deal_verdict_past")
            return sum(sql.run(f"DELETE FROM {t} WHERE connection = ? AND ended <= ?", key, oldest) for t in tables)


def run_at(sql: Sql, connection: int, at: datetime) -> int | None:
    """The judgement that an instant belongs to."""
    query = "SELECT id FROM run WHERE connection = ? AND judged = 1 AND as_of <= ? ORDER BY as_of DESC, id DESC LIMIT 1"
    return next((int(row[0]) for row in sql.rows(query, connection, instant(at))), None)


def oldest_kept(sql: Sql, connection: int, before: datetime) -> int | None:
    """The last run before the first that judged at or after `before`; where none has, the newest that judged."""
    query = "SELECT max(id) FROM run WHERE connection = ? AND judged = 1 AND id < coalesce(({first}), id + 1)"
    first = "SELECT min(id) FROM run WHERE connection = ? AND judged = 1 AND as_of >= ?"
    (oldest,) = sql.rows(query.format(first=first), connection, connection, instant(before))[0]
    return None if oldest is None else int(oldest)


def _stood(
    table: str, names: Sequence[str], connection: int, run: int, deal: int | None = None
) -> tuple[str, tuple[Any, ...]]:
    """A query for the rows of `finding` or `deal_verdict` after a run, of one deal where given; and its parameters."""
    where, given = ("", ()) if deal is None else (" AND key = ?", (deal,))
    where += ABOUT_DEALS if table == "finding" else ""
    columns = ", ".join(names)
    now = f"SELECT {columns} FROM {table} WHERE connection = ? AND began <= ?{where}"
    then = f"SELECT {columns} FROM {table}_past WHERE connection = ? AND began <= ? AND ended > ?{where}"
    return f"SELECT {columns} FROM ({now} UNION ALL {then}) t", (connection, run, *given, connection, run, run, *given)


def _decided(sql: Sql, connection: int, deal: int, id_: str, run: int) -> dict[str, Any] | None:
    query, parameters = _stood("deal_verdict", [name for name in DEAL_COLUMNS if name != "id"], connection, run, deal)
    rows = sql.rows(query, *parameters)
    if not rows:
        return None
    query, parameters = _stood("finding", ("policy", "status", "flag"), connection, run, deal)
    flags = sql.rows(f"{query} WHERE flag IS NOT NULL ORDER BY policy", *parameters)
    key, *rest = rows[0]
    return deal_row((key, id_, *rest), [(status, flag) for _, status, flag in flags])
