"""The push queue: patches in batches, marked *sending* and committed before they are sent, then settled.

A batch is ready → sending → done. A batch that is *sending* while no worker sends it was interrupted: the worker reads
its deals again and settles it with what it found. A patch without an outcome was not applied. Workers that join a run
hold their batches for some seconds at a time, and lose them to others when they fall silent.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import sqlalchemy as sa

from model.deal_keys import ALL_DEALS
from model.snapshot import INSTANT
from model.sync import Patch
from store import work_tables
from store.codec import pack
from store.pushes.receipts import write_receipts
from store.pushes.restored import Restored, restored
from store.sql_parts import deal_filter
from store.work_rows import WorkRows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from model.deal_keys import DealKeys
    from model.sync import Outcome
    from store.database import Database
    from store.fence import Lease
    from store.sql import Sql
    from store.work_rows import Joined

PLAN_ROWS: Final = pl.Schema({
    "key": pl.Int64(), "id": pl.String(), "is_closed": pl.Boolean(), "modified": INSTANT, "first_seen": INSTANT,
    "ours": pl.String(), "sent": pl.String(), "put_back_at": INSTANT, "last_patched_closed": pl.Boolean(),
    "refused_hash": pl.String(), "refused_at": INSTANT, "locked_at": INSTANT,
})  # fmt: skip
table, patches = work_tables.batch, work_tables.patch


@dataclass(frozen=True)
class Batch:
    """Patches that are sent to the CRM in one call. `clears`: they only take flags off."""

    id: int
    connection: str
    run_id: int
    attempts: int
    patches: tuple[Patch, ...]
    clears: bool = False


@dataclass(frozen=True)
class Sent:
    """What became of a run's patches: outcomes with `overwritten`, reasons of refusals, calls of joined workers."""

    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    calls: int = 0


@dataclass(frozen=True)
class Pushes:
    """What `plan` reads, the queue of patches, and their outcomes."""

    database: Database

    @property
    def rows(self) -> WorkRows:
        """The batches as rows of work."""
        return WorkRows(self.database, table, "sending")

    def plan_rows(self, connection: str, keys: DealKeys = ALL_DEALS) -> pl.DataFrame:
        """A row for each deal that is not gone (schema PLAN_ROWS): our fields as last read and last sent, as JSON."""
        state = [c for c in PLAN_ROWS if c in work_tables.push_state.c and c != "key"]
        names = ", ".join(("s." if c in state else "o.") + c for c in PLAN_ROWS)
        query = (
            f"SELECT {names} FROM opportunity o LEFT JOIN push_state s ON s.connection = o.connection AND s.key = o.key"
            f" WHERE o.connection = ? AND {deal_filter(keys, 'o.key')} AND o.first_seen IS NOT NULL AND o.gone IS NULL"
            " ORDER BY o.key"
        )
        with self.database.reading() as sql:
            return sql.frame(query, (self.database.connection_key(connection),), PLAN_ROWS)

    def of_run(self, run_id: int) -> list[dict[str, Any]]:
        """Every patch of a run, with its outcome if it has one: run, deal, before, after, outcome, reason, at."""
        with self.database.reading() as sql:
            return _sent(sql, patches.c.run == run_id)

    def sent(
        self, connection: str, *, deal: str | None = None, run_id: int | None = None, since: datetime | None = None
    ) -> list[dict[str, Any]]:
        """The patches of a connection, as in `of_run`, with their `run`: of one deal, of one run, settled since."""
        asked = patches.c.connection == self.database.connection_key(connection)
        asked &= sa.true() if deal is None else patches.c.deal == deal
        asked &= sa.true() if run_id is None else patches.c.run == run_id
        asked &= sa.true() if since is None else patches.c.at >= since
        with self.database.reading() as sql:
            return _sent(sql, asked)

    def restored(self, connection: str) -> list[Restored]:
        """The records that an undo restored and that no later run has written."""
        with self.database.reading() as sql:
            return list(restored(sql, self.database.connection_key(connection)))

    def later_writes(self, connection: str, run_id: int) -> dict[str, list[tuple[int, frozenset[str]]]]:
        """Deal → the runs after this one that wrote it, oldest first, each with the fields that it wrote."""
        mine = (patches.c.connection == self.database.connection_key(connection)) & (patches.c.run > run_id)
        query = sa.select(patches.c.deal, patches.c.run, patches.c.after).where(mine & (patches.c.outcome == "written"))
        found: dict[str, list[tuple[int, frozenset[str]]]] = {}
        with self.database.reading() as sql:
            for deal, run, after in sql.tx.execute(query.order_by(patches.c.id)):
                found.setdefault(deal, []).append((run, frozenset(after)))
        return found

    def stage(
        self, connection: str, run_id: int, planned: Sequence[Patch], batch_size: int, lease: Lease | None = None,
        *, clears: bool = False,
    ) -> list[int]:  # fmt: skip
        """Queue patches, `batch_size` to a batch; returns the batches' ids. Patches of unknown deals are left out.

        `clears`: they only take flags off, so they are claimed first.
        """
        key, made = self.database.connection_key(connection), []
        with self.database.writing(lease) as sql:
            for start in range(0, len(planned), batch_size):
                values = {"connection": key, "run": run_id, "state": "ready", "attempts": 0, "clears": clears}
                batch = sql.tx.execute(sa.insert(table).values(values).returning(table.c.id)).scalar_one()
                made.append(int(batch))
                _insert_patches(sql, key, run_id, made[-1], planned[start : start + batch_size])
        return made

    def claim(
        self, connection: str, now: datetime, lease: Lease | None = None, *, clears: bool | None = None,
        joined: Joined | None = None,
    ) -> Batch | None:  # fmt: skip
        """Mark the next batch as *sending*, commit and return it; None if there is none.

        A batch that a joined worker has not settled in its time is given out again, with one attempt more.
        `clears`: only one that only takes flags off, or only one of the others; None: either.
        """
        mine = _of_kind(clears) & (sa.true() if joined is None else table.c.run == joined.run_id)
        with self.database.writing(lease) as sql:
            row = self.rows.claim(sql, self.database.connection_key(connection), mine, now, joined)
            if row is None:
                return None
            patches = tuple(_patches(sql, row.id))
            return Batch(row.id, connection, row.run, row.attempts + 1, patches, clears=bool(row.clears))

    def with_others(self, connection: str, now: datetime, lease: Lease | None = None, *, clears: bool) -> bool:
        """Whether joined workers send batches. Those of dead processes may be claimed from now on."""
        return self.rows.with_others(connection, _of_kind(clears), now, lease)

    def ready(self, connection: str, *, clears: bool) -> bool:
        """Whether a batch that only takes flags off, or one of the others, waits to be claimed."""
        mine = (table.c.connection == self.database.connection_key(connection)) & (table.c.state == "ready")
        with self.database.reading() as sql:
            return sql.tx.execute(sa.select(table.c.id).where(mine & _of_kind(clears)).limit(1)).first() is not None

    def sent_in(self, run_id: int) -> Sent:
        """What became of a run's patches so far, whoever sent them."""
        mine = (patches.c.run == run_id) & patches.c.outcome.is_not(None)
        count = sa.func.count()
        columns = (patches.c.outcome, patches.c.reason, sa.func.coalesce(patches.c.overwritten, 0))
        query = sa.select(*columns, count).where(mine).group_by(*columns).order_by(sa.func.min(patches.c.id))
        calls = sa.select(sa.func.coalesce(sa.func.sum(table.c.calls), 0)).where(table.c.run == run_id)
        with self.database.reading() as sql:
            sent = Sent(calls=int(sql.tx.execute(calls).scalar_one()))
            for outcome, reason, overwritten, n in sql.tx.execute(query):
                sent.outcomes[outcome] += n
                sent.outcomes["overwritten"] += n if overwritten and outcome == "written" else 0
                if outcome in {"refused", "locked"}:
                    sent.reasons[reason] += n
        return sent

    def in_flight(self, connection: str) -> list[Batch]:
        """Batches marked *sending*: after a kill, their patches may or may not have been applied."""
        sending = (table.c.connection == self.database.connection_key(connection)) & (table.c.state == "sending")
        with self.database.reading() as sql:
            rows = sql.tx.execute(sa.select(table).where(sending).order_by(table.c.id)).all()
            return [Batch(r.id, connection, r.run, r.attempts, tuple(_patches(sql, r.id))) for r in rows]

    def settle(
        self, batch: Batch, outcomes: Sequence[Outcome], now: datetime, as_of: datetime, lease: Lease | None = None,
        *, calls: int = 0,
    ) -> int:  # fmt: skip
        """Write the receipts of a batch; returns how many patches restored a value that somebody had changed.

        Written values become the last sent and the last read ones. A patch without an outcome was not applied. A batch
        that was given to another worker meanwhile is left to that one. `calls`: what a joined worker called for it.
        """
        with self.database.writing(lease) as sql:
            if not self.rows.finish(sql, batch.id, batch.attempts, calls):
                return 0
            return write_receipts(sql, batch.id, {o.id: o for o in outcomes}, now, as_of)

    def waiting(self, connection: str) -> int:
        """Deals with a patch that was refused or locked and was not written since."""
        state = work_tables.push_state
        mine = state.c.connection == self.database.connection_key(connection)
        stuck = sa.or_(state.c.refused_hash.is_not(None), state.c.locked_at.is_not(None))
        with self.database.reading() as sql:
            return int(sql.tx.execute(sa.select(sa.func.count()).where(mine & stuck)).scalar_one())

    def drop_ready(self, connection: str, lease: Lease | None = None) -> int:
        """Delete batches that no worker has claimed; the next plan replaces them. Returns how many."""
        ready = (table.c.connection == self.database.connection_key(connection)) & (table.c.state == "ready")
        with self.database.writing(lease) as sql:
            ids = sa.select(table.c.id).where(ready)
            sql.tx.execute(sa.delete(patches).where(patches.c.batch.in_(ids)))
            return int(sql.tx.execute(sa.delete(table).where(ready)).rowcount)


def _of_kind(clears: bool | None) -> sa.ColumnElement[bool]:
    """Batches that only take flags off, or only the others; None: all."""
    return sa.true() if clears is None else sa.func.coalesce(table.c.clears, 0) == int(clears)


def _sent(sql: Sql, asked: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    wanted = [patches.c[name] for name in ("run", "deal", "before", "after", "outcome", "reason", "at")]
    rows = sql.tx.execute(sa.select(*wanted).where(asked).order_by(patches.c.id)).mappings()
    return [dict(row) for row in rows]


def _insert_patches(sql: Sql, connection: int, run_id: int, batch: int, planned: Sequence[Patch]) -> None:
    keys = dict(sql.lookup("opportunity", ("id", "key"), connection, "id", [p.id for p in planned]))
    columns = ("connection", "run", "batch", "key", "deal", "before", "after", "closed")
    rows = [
        (connection, run_id, batch, keys[p.id], p.id, pack(dict(p.before)), pack(dict(p.fields)), int(p.closed))
        for p in planned
        if p.id in keys
    ]
    sql.upsert("patch", columns, rows, ("id",))


def _patches(sql: Sql, batch: int) -> Iterator[Patch]:
    query = sa.select(patches.c.deal, patches.c.after, patches.c.before, patches.c.closed).where(
        patches.c.batch == batch
    )
    for deal, after, before, closed in sql.tx.execute(query.order_by(patches.c.id)):
        yield Patch(deal, after, before, bool(closed))
