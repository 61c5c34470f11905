"""KPI values of each run, and the pipeline frozen once a night."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl
import sqlalchemy as sa

from model.snapshot import MONEY
from model.subjects import OPPORTUNITIES
from store import work_tables
from store.codec import day, instant, json, pack
from store.database import Base

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from store.fence import Lease
    from store.sql import Sql

table = work_tables.kpi_value
FROZEN: Final = pl.Schema({
    "key": pl.Int64(), "stage_name": pl.String(), "amount": MONEY, "currency": pl.String(), "close_date": pl.Date(),
    "owner_id": pl.String(), "is_closed": pl.Boolean(), "score": pl.Int64(), "flags": pl.String(),
})  # fmt: skip
DAY_US: Final = 86_400_000_000
COPIED: Final = [name for name in FROZEN if name not in {"key", "score", "flags"}]
FREEZE: Final = f"""
    INSERT INTO frozen (connection, day, key, {", ".join(COPIED)}, score)
    SELECT o.connection, ?, o.key, {", ".join(f"o.{name}" for name in COPIED)}, v.score
    FROM opportunity o LEFT JOIN deal_verdict v ON v.connection = o.connection AND v.key = o.key
    LEFT JOIN frozen f ON f.connection = o.connection AND f.day = ? AND f.key = o.key
    WHERE o.connection = ? AND o.first_seen IS NOT NULL AND o.gone IS NULL
    AND (coalesce(o.is_closed, 0) = 0 OR f.key IS NOT NULL AND coalesce(f.is_closed, 0) = 0
      OR f.key IS NULL AND o.first_seen >= ?)"""
"""f: the last frozen day; a closed deal was open on it, or was not there yet."""
MEASURED: Final = "SELECT DISTINCT run FROM kpi_value WHERE connection = ?"
THINNED: Final = f"""
    DELETE FROM kpi_value WHERE connection = ? AND run < (SELECT max(run) FROM kpi_value WHERE connection = ?)
    AND run IN (
      SELECT id FROM run WHERE connection = ? AND as_of < ? UNION ALL
      SELECT id FROM run WHERE connection = ? AND as_of < ? AND id NOT IN (
        SELECT max(r.id) FROM run r JOIN ({MEASURED}) k ON k.run = r.id GROUP BY r.as_of / ?))"""


class Kpis(Base):
    """What was measured."""

    def keep_kpis(self, run_id: int, rows: Iterable[Mapping[str, Any]], lease: Lease | None = None) -> int:
        """The values of a run: {id, dims, value, numerator, denominator, unit, window, n, as_of, why}; how many.

        Decimals, dates and instants come back as they were given.
        """
        with self.writing(lease) as sql:
            key = sql.tx.execute(
                sa.select(work_tables.run.c.connection).where(work_tables.run.c.id == run_id)
            ).scalar_one()
            sql.run("DELETE FROM kpi_value WHERE run = ?", run_id)
            values = [(run_id, place, key, row["id"], pack(dict(row))) for place, row in enumerate(rows)]
            sql.upsert("kpi_value", ("run", "place", "connection", "id", "row"), values, ("run", "place"))
        return len(values)

    def kpis(self, connection: str, run_id: int | None = None) -> list[dict[str, Any]]:
        """The rows of `keep_kpis` of a run, by default of the newest run that measured."""
        mine = table.c.connection == self.connection_key(connection)
        newest = sa.select(sa.func.max(table.c.run)).where(mine).scalar_subquery()
        query = sa.select(table.c.row).where(mine, table.c.run == (newest if run_id is None else run_id))
        with self.reading() as sql:
            return list(sql.tx.execute(query.order_by(table.c.place)).scalars())

    def freeze(self, connection: str, on: date, lease: Lease | None = None) -> int:
        """Keep the pipeline as it stands under a day, in place of an earlier one of that day; how many deals.

        Every open deal, and those that closed since the last frozen day; on the first one all.
        """
        key, today = self.connection_key(connection), day(on)
        with self.writing(lease) as sql:
            sql.run("DELETE FROM frozen WHERE connection = ? AND day = ?", key, today)
            last = sql.rows("SELECT max(day) FROM frozen WHERE connection = ? AND day < ?", key, today)[0][0]
            sql.run(FREEZE, today, last, key, (last or 0) * DAY_US)
            rows = [(json(ids), key, today, deal) for deal, ids in _flags(sql, key).items()]
            sql.many("UPDATE frozen SET flags = ? WHERE connection = ? AND day = ? AND key = ?", rows)
            (count,) = sql.rows("SELECT count(*) FROM frozen WHERE connection = ? AND day = ?", key, today)[0]
            return int(count)

    def forget_measures(self, connection: str, before: datetime, hourly: datetime) -> int:
        """Drop frozen days and KPI values from before an instant; how many rows went.

        Of KPI values before `hourly` the last of each UTC day stays. The newest stay however old they are.
        """
        key = self.connection_key(connection)
        with self.writing() as sql:
            gone = sql.run("DELETE FROM frozen WHERE connection = ? AND day < ?", key, day(before.date()))
            return gone + sql.run(THINNED, key, key, key, instant(before), key, instant(hourly), key, DAY_US)

    def frozen(self, connection: str, on: date) -> pl.DataFrame:
        """The pipeline as it was frozen on a day (schema FROZEN; flags: JSON list of policy ids, null for none)."""
        query = f"SELECT {', '.join(FROZEN)} FROM frozen WHERE connection = ? AND day = ? ORDER BY key"
        with self.reading() as sql:
            return sql.frame(query, (self.connection_key(connection), day(on)), FROZEN)


def _flags(sql: Sql, connection: int) -> dict[int, list[str]]:
    """The broken policies of each deal that has any."""
    flags: dict[int, list[str]] = {}
    broken = """
        SELECT key, policy FROM finding WHERE connection = ? AND subject = ? AND status = 'broken'
        ORDER BY key, policy"""
    for deal, policy in sql.rows(broken, connection, OPPORTUNITIES.table):
        flags.setdefault(deal, []).append(policy)
    return flags
