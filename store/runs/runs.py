"""Runs, and the lease that allows one run at a time on a connection.

A lease has a fencing number. A lease of a dead process is free at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from model.errors import ConnectionBusy
from store import mirror_tables, work_tables
from store.codec import instant, text
from store.fence import Lease, assert_held, is_dead, this_process
from store.runs.run_end import KILLED, LOST
from store.watch.figures import add, add_open_runs

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from store.database import Database
    from store.runs.run_end import RunEnd
    from store.sql import Sql


table, patches, leases = work_tables.run, work_tables.patch, mirror_tables.lease
ROW = (
    table.c.id, mirror_tables.connection.c.name.label("connection"), table.c.as_of, table.c.policy_digest,
    table.c.calibration, table.c.kind, table.c.trigger, table.c.started_at, table.c.ended_at, table.c.state,
    table.c.reason, table.c.counts, table.c.step,
)  # fmt: skip
READING: Final = ("full", "incremental")
"""Kinds of runs that read the CRM."""


@dataclass(frozen=True)
class Held:
    """A lease that was not released: by which process, since when, and until when unless it is renewed."""

    process: str
    since: datetime
    until: datetime

    def is_alive(self, now: datetime) -> bool:
        """Whether its holder may still work."""
        return self.until > now and not is_dead(self.process)


@dataclass(frozen=True)
class Runs:
    """Runs and leases. A run without a state is under way, or was killed and nobody has worked here since."""

    database: Database

    def start(  # noqa: PLR0917 - the columns of the row
        self, connection: str, as_of: datetime, digest: str, calibration: str, kind: str, lease: Lease | None = None,
        *, at: datetime | None = None, trigger: str = "",
    ) -> int:  # fmt: skip
        """Start a run and return its id; `kind` is the command (run, pull, judge, measure, push, …)."""
        values = {
            "connection": self.database.connection_key(connection), "as_of": as_of, "policy_digest": digest,
            "calibration": calibration, "kind": kind, "started_at": at, "trigger": trigger,
        }  # fmt: skip
        with self.database.writing(lease) as sql:
            return int(sql.tx.execute(sa.insert(table).values(values).returning(table.c.id)).scalar_one())

    def note(self, run_id: int, counts: Mapping[str, Any], lease: Lease | None = None) -> None:
        """Keep what a run has done so far, in case it is killed."""
        with self.database.writing(lease) as sql:
            sql.tx.execute(sa.update(table).where(table.c.id == run_id).values(counts=dict(counts)))

    def begin_step(self, run_id: int, step: str, lease: Lease | None = None) -> None:
        """Note what a run does from now on."""
        with self.database.writing(lease) as sql:
            sql.tx.execute(sa.update(table).where(table.c.id == run_id).values(step=step))

    def end(self, run_id: int, how: RunEnd, counts: Mapping[str, Any], at: datetime | None = None) -> None:
        """Keep how a run ended; `counts` is its JSON of docs/contract.md; its policy_digest is set on the row."""
        values = {"state": how.state, "reason": text(how.reason) or None, "counts": dict(counts), "ended_at": at}
        if digest := counts.get("policy_digest"):
            values["policy_digest"] = digest
        with self.database.writing() as sql:
            row = sql.tx.execute(sa.select(table).where(table.c.id == run_id).with_for_update()).one()
            if row.state is None:
                add(sql, row.connection, "runs", {how.state: 1})
            if row.state is None and at and row.started_at:
                add(sql, row.connection, "run_us", {how.state: instant(at) - instant(row.started_at)})
            sql.tx.execute(sa.update(table).where(table.c.id == run_id).values(values))

    def under_way(self, connection: str, now: datetime) -> bool:
        """Whether a live process holds the connection."""
        held = self.held(connection)
        return held is not None and held.is_alive(now)

    def held(self, connection: str) -> Held | None:
        """Who took the connection and has not released it; the lease may have lapsed since."""
        query = sa.select(leases.c.process, leases.c.since, leases.c.until).where(
            leases.c.connection == self.database.connection_key(connection),
            leases.c.held == sa.literal(value=True, type_=leases.c.held.type),
        )
        with self.database.reading() as sql:
            row = sql.tx.execute(query).one_or_none()
        return row and Held(*row)

    def written(self, run_id: int) -> dict[str, int]:
        """Outcome → number of a run's patches, by their receipts."""
        mine = (patches.c.run == run_id) & patches.c.outcome.is_not(None)
        query = sa.select(patches.c.outcome, sa.func.count()).where(mine).group_by(patches.c.outcome)
        with self.database.reading() as sql:
            return {outcome: int(count) for outcome, count in sql.tx.execute(query)}

    def latest(
        self, connection: str | None = None, limit: int = 20, kinds: Collection[str] = (), *, nudges: bool = True
    ) -> list[dict[str, Any]]:
        """The newest runs first, each with the columns of ROW; of these kinds only, where any are given."""
        mine = () if connection is None else (mirror_tables.connection.c.name == connection,)
        return self._newest(
            limit,
            *mine,
            *([table.c.kind.in_(kinds)] if kinds else ()),
            *([] if nudges else [table.c.kind != work_tables.NUDGE]),
        )

    def _newest(self, limit: int, *where: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
        query = sa.select(*ROW).join(mirror_tables.connection, mirror_tables.connection.c.key == table.c.connection)
        with self.database.reading() as sql:
            rows = sql.tx.execute(query.where(*where).order_by(table.c.id.desc()).limit(limit)).mappings()
            return [dict(row) for row in rows]

    def last_good(self, connection: str) -> dict[str, Any] | None:
        """The newest run that read the CRM and came through, as in `latest`; None if none did."""
        good = (table.c.kind.in_(READING)) & (table.c.state == "done")
        return next(iter(self._newest(1, mirror_tables.connection.c.name == connection, good)), None)

    def get(self, run_id: int) -> dict[str, Any] | None:
        """One run as in `latest`; None if there is none."""
        query = sa.select(*ROW).join(mirror_tables.connection, mirror_tables.connection.c.key == table.c.connection)
        with self.database.reading() as sql:
            row = sql.tx.execute(query.where(table.c.id == run_id)).mappings().one_or_none()
            return None if row is None else dict(row)

    def undos(self, connection: str) -> list[dict[str, Any]]:
        """The undo runs of a connection as in `latest`, oldest first."""
        query = sa.select(*ROW).join(mirror_tables.connection, mirror_tables.connection.c.key == table.c.connection)
        mine = (table.c.connection == self.database.connection_key(connection)) & (table.c.kind == work_tables.UNDO)
        with self.database.reading() as sql:
            return [dict(row) for row in sql.tx.execute(query.where(mine).order_by(table.c.id)).mappings()]

    def lease(
        self, connection: str, holder: str, now: datetime, seconds: float = 60, process: str | None = None
    ) -> Lease:
        """Take the lease of a connection; raises ConnectionBusy while a live holder has it."""
        self.database.forget_keys()
        key = self.database.connection_key(connection)
        until = now + timedelta(seconds=seconds)
        with self.database.writing() as sql:
            row = sql.tx.execute(sa.select(leases).where(leases.c.connection == key).with_for_update()).one_or_none()
            if row and row.held and Held(row.process, row.since, row.until).is_alive(now):
                raise ConnectionBusy(
                    f"connection {connection!r} is held by {row.holder} since {row.since:%Y-%m-%d %H:%M:%S} UTC; "
                    f"its lease ends {row.until:%H:%M:%S} unless renewed: wait, or end that run"
                )
            fence = row.fence + 1 if row else 1
            values = (key, fence, holder, process or this_process(), instant(now), instant(until), 1)
            columns = ("connection", "fence", "holder", "process", "since", "until", "held")
            sql.upsert("lease", columns, [values], ["connection"])
            assert_held(sql.tx, Lease(connection, key, fence, holder, until))
            ended = _end_open_runs(sql, key, row, seconds)
        return Lease(connection, key, fence, holder, until, ended)

    def joinable(self, run_id: int, now: datetime) -> tuple[Lease, datetime] | None:
        """The lease under which a run works now, and its instant, for a worker that helps; None if it has ended."""
        query = sa.select(leases, table.c.as_of, mirror_tables.connection.c.name).where(
            table.c.id == run_id, table.c.state.is_(None), leases.c.connection == table.c.connection,
            leases.c.held == sa.literal(value=True, type_=leases.c.held.type), leases.c.until > now,
            mirror_tables.connection.c.key == table.c.connection,
        )  # fmt: skip
        with self.database.reading() as sql:
            row = sql.tx.execute(query).one_or_none()
        return row and (Lease(row.name, row.connection, row.fence, row.holder, row.until), row.as_of)

    def renew(self, lease: Lease, now: datetime, seconds: float = 60) -> Lease:
        """Extend the lease by `seconds` from now; raises ConnectionBusy if it was lost."""
        until = now + timedelta(seconds=seconds)
        with self.database.writing(lease) as sql:
            sql.tx.execute(sa.update(leases).where(leases.c.connection == lease.key).values(until=until))
        return replace(lease, until=until)

    def release(self, lease: Lease) -> None:
        """Release the lease, unless it was lost."""
        with self.database.writing() as sql:
            mine = (leases.c.connection == lease.key) & (leases.c.fence == lease.fence)
            sql.tx.execute(sa.update(leases).where(mine).values(held=False))


def _end_open_runs(sql: Sql, connection: int, lapsed: Any, seconds: float) -> tuple[tuple[int, str], ...]:
    """End the rows of runs that nobody ended; a killed run was last seen when its lease was renewed."""
    seen = lapsed and instant(lapsed.until - timedelta(seconds=seconds))
    how = KILLED if lapsed and lapsed.held else LOST
    add_open_runs(sql, connection, how.state)
    rows = sql.rows(
        "UPDATE run SET state = ?, reason = ?, ended_at = CASE WHEN started_at > ? THEN started_at ELSE ? END"
        " WHERE connection = ? AND state IS NULL RETURNING id",
        *(how.state, how.reason or None, seen, seen, connection),
    )
    return tuple((int(run), how.state) for (run,) in sorted(rows))
