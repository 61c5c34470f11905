"""KPI values of each run, and the pipeline frozen once a night."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from model.subjects import OPPORTUNITIES
from store import work_tables
from store.codec import day, instant, json, pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from store.database import Database
    from store.fence import Lease
    from store.sql import Sql

table, evidence = work_tables.kpi_value, work_tables.stage_evidence
DAY_US: Final = 86_400_000_000
COPIED: Final = ("stage_name", "amount", "currency", "close_date", "owner_id", "is_closed")
FREEZE: Final = f"""
    INSERT INTO frozen (connection, day, key, {", ".join(COPIED)}, score)
    SELECT o.connection, ?, o.key, {", ".join(f"o.{name}" for name in COPIED)}, v.score
    FROM opportunity o LEFT JOIN deal_verdict v ON v.connection = o.connection AND v.key = o.key
    LEFT JOIN frozen f ON f.connection = o.connection AND f.day = ? AND f.key = o.key
    WHERE o.connection = ? AND o.first_seen IS NOT NULL AND o.gone IS NULL
    AND (coalesce(o.is_closed, 0) = 0 OR f.key IS NOT NULL AND coalesce(f.is_closed, 0) = 0
      OR f.key IS NULL AND o.first_seen >= ?)"""
"""`f` is the last frozen day: a closed deal is frozen if it was open on that day or did not exist yet."""
MEASURED: Final = "SELECT DISTINCT run FROM kpi_value WHERE connection = ?"
THINNED: Final = f"""
    DELETE FROM kpi_value WHERE connection = ? AND run < (SELECT max(run) FROM kpi_value WHERE connection = ?)
    AND run IN (
      SELECT id FROM run WHERE connection = ? AND as_of < ? UNION ALL
      SELECT id FROM run WHERE connection = ? AND as_of < ? AND id NOT IN (
        SELECT max(r.id) FROM run r JOIN ({MEASURED}) k ON k.run = r.id GROUP BY r.as_of / ?))"""


@dataclass(frozen=True)
class Kpis:
    """KPI values, frozen nights and the evidence at stage entry."""

    database: Database

    def keep(self, run_id: int, rows: Iterable[Mapping[str, Any]], lease: Lease | None = None) -> int:
        """Keep the values of a run; returns how many.

        A row is {id, dims, value, numerator, denominator, unit, window, n, as_of, why}. Decimals, dates and instants
        are read back as they were given.
        """
        with self.database.writing(lease) as sql:
            key = sql.tx.execute(
                sa.select(work_tables.run.c.connection).where(work_tables.run.c.id == run_id)
            ).scalar_one()
            sql.run("DELETE FROM kpi_value WHERE run = ?", run_id)
            values = [(run_id, place, key, row["id"], pack(dict(row))) for place, row in enumerate(rows)]
            sql.upsert("kpi_value", ("run", "place", "connection", "id", "row"), values, ("run", "place"))
        return len(values)

    def values(self, connection: str, run_id: int | None = None) -> list[dict[str, Any]]:
        """The rows of `keep` of a run, by default of the newest run that measured."""
        mine = table.c.connection == self.database.connection_key(connection)
        newest = sa.select(sa.func.max(table.c.run)).where(mine).scalar_subquery()
        query = sa.select(table.c.row).where(mine, table.c.run == (newest if run_id is None else run_id))
        with self.database.reading() as sql:
            return list(sql.tx.execute(query.order_by(table.c.place)).scalars())

    def freeze(self, connection: str, on: date, lease: Lease | None = None) -> int:
        """Freeze the pipeline of a day and replace an earlier freeze of that day; returns how many deals it holds.

        It holds every open deal and those that closed since the last frozen day; the first freeze holds all deals.
        """
        key, today = self.database.connection_key(connection), day(on)
        with self.database.writing(lease) as sql:
            sql.run("DELETE FROM frozen WHERE connection = ? AND day = ?", key, today)
            last = sql.rows("SELECT max(day) FROM frozen WHERE connection = ? AND day < ?", key, today)[0][0]
            sql.run(FREEZE, today, last, key, (last or 0) * DAY_US)
            rows = [(json(ids), key, today, deal) for deal, ids in _flags(sql, key).items()]
            sql.many("UPDATE frozen SET flags = ? WHERE connection = ? AND day = ? AND key = ?", rows)
            (count,) = sql.rows("SELECT count(*) FROM frozen WHERE connection = ? AND day = ?", key, today)[0]
            return int(count)

    def forget(self, connection: str, before: datetime, hourly: datetime) -> int:
        """Delete frozen days and KPI values from before an instant; returns how many rows.

        Of KPI values before `hourly`, the last of each UTC day is kept. The newest values are always kept.
        """
        key = self.database.connection_key(connection)
        with self.database.writing() as sql:
            gone = sql.run("DELETE FROM frozen WHERE connection = ? AND day < ?", key, day(before.date()))
            return gone + sql.run(THINNED, key, key, key, instant(before), key, instant(hourly), key, DAY_US)

    def keep_entry_evidence(self, connection: str, as_of: datetime, answer: Mapping[str, Any]) -> None:
        """Keep the answer of `policies evidence` in place of the one before."""
        row = (self.database.connection_key(connection), instant(as_of), json(dict(answer)))
        with self.database.writing() as sql:
            sql.upsert("stage_evidence", ("connection", "as_of", "told"), [row], ("connection",))

    def entry_evidence(self, connection: str) -> dict[str, Any] | None:
        """The last kept answer of `policies evidence`, None where there is none."""
        mine = evidence.c.connection == self.database.connection_key(connection)
        with self.database.reading() as sql:
            return sql.tx.execute(sa.select(evidence.c.told).where(mine)).scalar()


def _flags(sql: Sql, connection: int) -> dict[int, list[str]]:
    """The broken policies of each deal that has any."""
    flags: dict[int, list[str]] = {}
    broken = """
        SELECT key, policy FROM finding WHERE connection = ? AND subject = ? AND status = 'broken'
        ORDER BY key, policy"""
    for deal, policy in sql.rows(broken, connection, OPPORTUNITIES.table):
        flags.setdefault(deal, []).append(policy)
    return flags
