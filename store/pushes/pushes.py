"""The push queue: patches in batches, marked *sending* and committed before they are sent, then receipts.

A batch is ready → sending → done. One that is found *sending* when nobody sends was cut off by a kill: its deals are
read again and `settle` is told what was found there; patches that got no outcome were not applied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
import sqlalchemy as sa

from model.snapshot import INSTANT
from model.sync import Patch
from store import work_tables
from store.codec import pack
from store.mirror_tables import ALL_KEYS
from store.pushes.receipts import write_receipts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from model.sync import Outcome
    from store.database import Database
    from store.fence import Lease
    from store.sql import Sql

PLAN_ROWS: Final = pl.Schema({
    "key": pl.Int64(), "id": pl.String(), "is_closed": pl.Boolean(), "modified": INSTANT, "first_seen": INSTANT,
    "ours": pl.String(), "sent": pl.String(), "put_back_at": INSTANT, "last_patched_closed": pl.Boolean(),
    "refused_hash": pl.String(), "refused_at": INSTANT, "locked_at": INSTANT,
})  # fmt: skip
table, patches = work_tables.batch, work_tables.patch


@dataclass(frozen=True)
class Batch:
    """Patches that go to the CRM in one call."""

    id: int
    connection: str
    run_id: int
    attempts: int
    patches: tuple[Patch, ...]


@dataclass(frozen=True)
class Pushes:
    """What `plan` reads, the queue of patches, and their outcomes."""

    database: Database

    def plan_rows(self, connection: str, keys: tuple[int, int] | None = None) -> pl.DataFrame:
        """A row per deal that is not gone (schema PLAN_ROWS): our fields as last read and as last sent, as JSON."""
        state = [c for c in PLAN_ROWS if c in work_tables.push_state.c and c != "key"]
        names = ", ".join(("s." if c in state else "o.") + c for c in PLAN_ROWS)
        query = (
            f"SELECT {names} FROM opportunity o LEFT JOIN push_state s ON s.connection = o.connection AND s.key = o.key"
            " WHERE o.connection = ? AND o.key BETWEEN ? AND ? AND o.first_seen IS NOT NULL AND o.gone IS NULL"
            " ORDER BY o.key"
        )
        with self.database.reading() as sql:
            return sql.frame(query, (self.database.connection_key(connection), *(keys or ALL_KEYS)), PLAN_ROWS)

    def stage(
        self, connection: str, run_id: int, planned: Sequence[Patch], batch_size: int, lease: Lease | None = None
    ) -> list[int]:
        """Queue patches, `batch_size` to a batch; the batches' ids. Deals that are not known are left out."""
        key, made = self.database.connection_key(connection), []
        with self.database.writing(lease) as sql:
            for start in range(0, len(planned), batch_size):
                values = {"connection": key, "run": run_id, "state": "ready", "attempts": 0}
                batch = sql.tx.execute(sa.insert(table).values(values).returning(table.c.id)).scalar_one()
                made.append(int(batch))
                _insert_patches(sql, key, run_id, made[-1], planned[start : start + batch_size])
        return made

    def claim(self, connection: str, now: datetime, lease: Lease | None = None) -> Batch | None:
        """The next ready batch, marked *sending* and committed; None when there is none."""
        ready = (table.c.connection == self.database.connection_key(connection)) & (table.c.state == "ready")
        due = sa.or_(table.c.not_before.is_(None), table.c.not_before <= now)
        query = sa.select(table).where(ready & due).order_by(table.c.id).limit(1).with_for_update(skip_locked=True)
        with self.database.writing(lease) as sql:
            row = sql.tx.execute(query).one_or_none()
            if row is None:
                return None
            values = {"state": "sending", "attempts": row.attempts + 1, "claimed_at": now}
            sql.tx.execute(sa.update(table).where(table.c.id == row.id).values(values))
            return Batch(row.id, connection, row.run, row.attempts + 1, tuple(_patches(sql, row.id)))

    def in_flight(self, connection: str) -> list[Batch]:
        """Batches that were being sent: after a kill, what may or may not have been applied."""
        sending = (table.c.connection == self.database.connection_key(connection)) & (table.c.state == "sending")
        with self.database.reading() as sql:
            rows = sql.tx.execute(sa.select(table).where(sending).order_by(table.c.id)).all()
            return [Batch(r.id, connection, r.run, r.attempts, tuple(_patches(sql, r.id))) for r in rows]

    def settle(
        self, batch: Batch, outcomes: Sequence[Outcome], now: datetime, as_of: datetime, lease: Lease | None = None
    ) -> int:
        """Write the receipts of a batch; how many of its written values had been overwritten by somebody.

        Written values become what we sent and what the CRM holds; a patch without an outcome was not applied.
        """
        with self.database.writing(lease) as sql:
            sql.tx.execute(sa.update(table).where(table.c.id == batch.id).values(state="done"))
            return write_receipts(sql, batch.id, {o.id: o for o in outcomes}, now, as_of)

    def drop_ready(self, connection: str, lease: Lease | None = None) -> int:
        """Forget batches that nobody has claimed: the next plan is made from what is known then. How many."""
        ready = (table.c.connection == self.database.connection_key(connection)) & (table.c.state == "ready")
        with self.database.writing(lease) as sql:
            ids = sa.select(table.c.id).where(ready)
            sql.tx.execute(sa.delete(patches).where(patches.c.batch.in_(ids)))
            return int(sql.tx.execute(sa.delete(table).where(ready)).rowcount)


def _insert_patches(sql: Sql, connection: int, run_id: int, batch: int, planned: Sequence[Patch]) -> None:
    keys = dict(sql.lookup("opportunity", ("id", "key"), connection, "id", [p.id for p in planned]))
    columns = ("connection", "run", "batch", "key", "deal", "before", "after")
    rows = [
        (connection, run_id, batch, keys[p.id], p.id, pack(dict(p.before)), pack(dict(p.fields)))
        for p in planned
        if p.id in keys
    ]
    sql.upsert("patch", columns, rows, ("id",))


def _patches(sql: Sql, batch: int) -> Iterator[Patch]:
    query = sa.select(patches.c.deal, patches.c.after, patches.c.before).where(patches.c.batch == batch)
    for deal, after, before in sql.tx.execute(query.order_by(patches.c.id)):
        yield Patch(deal, after, before)
