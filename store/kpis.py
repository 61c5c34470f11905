"""KPI values of each run, and the evidence at stage entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from store import work_tables
from store.codec import instant, json, pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from store.database import Database
    from store.fence import Lease

table, evidence = work_tables.kpi_value, work_tables.stage_evidence
DAY_US: Final = 86_400_000_000
MEASURED: Final = "SELECT DISTINCT run FROM kpi_value WHERE connection = ?"
THINNED: Final = f"""
    connection = ? AND run < (SELECT max(run) FROM kpi_value WHERE connection = ?)
    AND run IN (
      SELECT id FROM run WHERE connection = ? AND as_of < ? UNION ALL
      SELECT id FROM run WHERE connection = ? AND as_of < ? AND id NOT IN (
        SELECT max(r.id) FROM run r JOIN ({MEASURED}) k ON k.run = r.id GROUP BY r.as_of / ?)
      AND id NOT IN (SELECT run FROM frozen_night WHERE connection = ? AND run IS NOT NULL))"""


@dataclass(frozen=True)
class Measured:
    """A run that measured. `measured_with`: file or setting → a digest; empty where the run kept none."""

    run: int
    measured_with: Mapping[str, str]


@dataclass(frozen=True)
class Kpis:
    """KPI values and the evidence at stage entry."""

    database: Database

    def keep(
        self, run_id: int, rows: Iterable[Mapping[str, Any]], lease: Lease | None = None, *,
        measured_with: Mapping[str, str] | None = None,
    ) -> int:  # fmt: skip
        """Keep the values of a run, and what they were measured with; returns how many values.

        A row is {id, dims, value, numerator, denominator, unit, window, n, as_of, why}. Decimals, dates and instants
        are read back as they were given.
        """
        this = work_tables.run.c.id == run_id
        with self.database.writing(lease) as sql:
            key = sql.tx.execute(sa.select(work_tables.run.c.connection).where(this)).scalar_one()
            if measured_with is not None:
                sql.tx.execute(sa.update(work_tables.run).where(this).values(measured_with=dict(measured_with)))
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

    def newest(self, connection: str) -> Measured | None:
        """The run with the newest values of a connection; None where none are kept."""
        runs, mine = work_tables.run, table.c.connection == self.database.connection_key(connection)
        newest = sa.select(sa.func.max(table.c.run)).where(mine).scalar_subquery()
        with self.database.reading() as sql:
            row = sql.tx.execute(sa.select(runs.c.id, runs.c.measured_with).where(runs.c.id == newest)).one_or_none()
        return None if row is None else Measured(row.id, row.measured_with or {})

    def forget(self, connection: str, before: datetime, hourly: datetime, lease: Lease | None = None) -> int:
        """Delete KPI values from before an instant; returns how many rows.

        Of values before `hourly`, those of frozen nights and the last of each UTC day are kept. The newest values are
        always kept.
        """
        key = self.database.connection_key(connection)
        given = (key, key, key, instant(before), key, instant(hourly), key, DAY_US, key)
        return self.database.delete(table, THINNED, given, lease)

    def keep_entry_evidence(self, connection: str, as_of: datetime, answer: Mapping[str, Any]) -> None:
        """Keep the answer of `policies evidence` in place of the one before."""
        row = (self.database.connection_key(connection), instant(as_of), json(dict(answer)))
        with self.database.writing() as sql:
            sql.upsert("stage_evidence", ("connection", "as_of", "answer"), [row], ("connection",))

    def entry_evidence(self, connection: str) -> dict[str, Any] | None:
        """The last kept answer of `policies evidence`, None where there is none."""
        mine = evidence.c.connection == self.database.connection_key(connection)
        with self.database.reading() as sql:
            return sql.tx.execute(sa.select(evidence.c.answer).where(mine)).scalar()
