"""KPI values of each run, and the pipeline frozen once a night."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl
import sqlalchemy as sa

from model.snapshot import MONEY
from store import ledger
from store.base import Base
from store.codec import day, json, pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from store.fence import Lease

table = ledger.kpi_value
FROZEN: Final = pl.Schema({
    "key": pl.Int64(), "stage_name": pl.String(), "amount": MONEY, "currency": pl.String(), "close_date": pl.Date(),
    "owner_id": pl.String(), "is_closed": pl.Boolean(), "score": pl.Int64(), "flags": pl.String(),
})  # fmt: skip


class Kpis(Base):
    """What was measured."""

    def keep_kpis(self, run_id: int, rows: Iterable[Mapping[str, Any]], lease: Lease | None = None) -> int:
        """The values of a run: {id, dims, value, numerator, denominator, unit, window, n, as_of, why}; how many.

        Decimals, dates and instants come back as they were given.
        """
        with self.writing(lease) as sql:
            key = sql.tx.execute(sa.select(ledger.run.c.connection).where(ledger.run.c.id == run_id)).scalar_one()
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
        """Keep the pipeline as it stands under a day, in place of an earlier one of that day; how many deals."""
        key = self.connection_key(connection)
        with self.writing(lease) as sql:
            flags: dict[int, list[str]] = {}
            broken = "SELECT key, policy FROM finding WHERE connection = ? AND status = 'broken' ORDER BY key, policy"
            for deal, policy in sql.rows(broken, key):
                flags.setdefault(deal, []).append(policy)
            sql.run("DELETE FROM frozen WHERE connection = ? AND day = ?", key, day(on))
            names = [c for c in FROZEN if c not in {"key", "score", "flags"}]
            sql.run(
                f"INSERT INTO frozen (connection, day, key, {', '.join(names)}, score)"
                f" SELECT o.connection, ?, o.key, {', '.join(f'o.{name}' for name in names)}, v.score"
                " FROM opportunity o LEFT JOIN deal_verdict v ON v.connection = o.connection AND v.key = o.key"
                " WHERE o.connection = ? AND o.first_seen IS NOT NULL AND o.gone IS NULL",
                *(day(on), key),
            )
            rows = [(json(ids), key, day(on), deal) for deal, ids in flags.items()]
            sql.many("UPDATE frozen SET flags = ? WHERE connection = ? AND day = ? AND key = ?", rows)
            (count,) = sql.rows("SELECT count(*) FROM frozen WHERE connection = ? AND day = ?", key, day(on))[0]
            return int(count)

    def frozen(self, connection: str, on: date) -> pl.DataFrame:
        """The pipeline as it was frozen on a day (schema FROZEN; flags: JSON list of policy ids, null for none)."""
        query = f"SELECT {', '.join(FROZEN)} FROM frozen WHERE connection = ? AND day = ? ORDER BY key"
        with self.reading() as sql:
            return sql.frame(query, (self.connection_key(connection), day(on)), FROZEN)
