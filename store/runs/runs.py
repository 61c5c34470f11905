"""Runs: what was done when, under which policies, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from store import mirror_tables, work_tables
from store.database import Base

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from store.fence import Lease

table = work_tables.run
ROW = (
    table.c.id, mirror_tables.connection.c.name.label("connection"), table.c.as_of, table.c.policy_digest,
    table.c.calibration, table.c.kind, table.c.outcome, table.c.counts,
)  # fmt: skip


class Runs(Base):
    """The list of runs; a run without an outcome is under way, or was killed."""

    def start_run(  # noqa: PLR0917 - the row as it is written
        self, connection: str, as_of: datetime, digest: str, calibration: str, kind: str, lease: Lease | None = None
    ) -> int:
        """A new run's id; `kind` is the command (run, pull, judge, measure, push, …)."""
        values = {
            "connection": self.connection_key(connection), "as_of": as_of, "policy_digest": digest,
            "calibration": calibration, "kind": kind,
        }  # fmt: skip
        with self.writing(lease) as sql:
            return int(sql.tx.execute(sa.insert(table).values(values).returning(table.c.id)).scalar_one())

    def end_run(self, run_id: int, outcome: str, counts: Mapping[str, Any]) -> None:
        """Note how a run ended; `counts` is its JSON of docs/contract.md, whose policy_digest goes onto the row."""
        values = {"outcome": outcome, "counts": dict(counts)}
        if digest := counts.get("policy_digest"):
            values["policy_digest"] = digest
        with self.writing() as sql:
            sql.tx.execute(sa.update(table).where(table.c.id == run_id).values(values))

    def runs(self, connection: str | None = None, limit: int = 20) -> list[dict[str, Any]]:
        """The newest runs first: {id, connection, as_of, policy_digest, calibration, kind, outcome, counts}."""
        query = sa.select(*ROW).join(mirror_tables.connection, mirror_tables.connection.c.key == table.c.connection)
        query = query if connection is None else query.where(mirror_tables.connection.c.name == connection)
        with self.reading() as sql:
            rows = sql.tx.execute(query.order_by(table.c.id.desc()).limit(limit)).mappings()
            return [dict(row) for row in rows]

    def run(self, run_id: int) -> dict[str, Any] | None:
        """One run as in `runs`, None where there is none."""
        query = sa.select(*ROW).join(mirror_tables.connection, mirror_tables.connection.c.key == table.c.connection)
        with self.reading() as sql:
            row = sql.tx.execute(query.where(table.c.id == run_id)).mappings().one_or_none()
            return None if row is None else dict(row)
