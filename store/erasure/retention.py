"""What is deleted by its age: receipts, runs and their reports, policy files that nobody names, counts of calls.

Past verdicts, frozen nights and KPI values forget in their own classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from store import mirror_tables, work_tables
from store.codec import day, instant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from store.database import Database
    from store.fence import Lease

run, patch, batch = work_tables.run, work_tables.patch, work_tables.batch
NEWEST: Final = 100
"""So many runs of a connection are kept whatever their age: others are compared with them."""
REPORTS: Final = 500
"""Reports that one transaction shortens."""
DROPPED: Final[Mapping[str, Any]] = {
    "aside": [], "remarks": [], "reasons": {}, "unusual": [], "left": [],
    "trouble": {"begun": [], "lasting": [], "ended": []},
}  # fmt: skip
"""The parts of a report that are dropped with age. Its counts, its undo and its approvals stay."""
UNDOES: Final = f"""run IN (SELECT id FROM run WHERE connection = ? AND kind = '{work_tables.UNDO}')
    AND EXISTS (SELECT 1 FROM push_state WHERE connection = ? AND undone IS NOT NULL)"""
"""Receipts of undo runs while a record waits as one left it."""
NEEDED: Final = " UNION ALL ".join([
    *(f"SELECT run FROM {table} WHERE connection = ?" for table in ("patch", "batch", "action", "action_receipt")),
    *(f"SELECT run FROM {table} WHERE connection = ? AND run IS NOT NULL" for table in ("kpi_value", "frozen_night")),
    *(f"SELECT began FROM {table} WHERE connection = ?" for table in ("finding", "deal_verdict")),
    *(f"SELECT began FROM {table}_past WHERE connection = ?" for table in ("finding", "deal_verdict")),
])  # fmt: skip
"""The runs that something kept still names."""
UNNAMED: Final = """substr(digest, 1, 5) <> 'kpis:' AND kept_at < ?
    AND digest NOT IN (SELECT policy_digest FROM run) AND digest NOT IN (SELECT policy_digest FROM frozen_night)"""


@dataclass(frozen=True)
class Retention:
    """Deleting by age. Each method deletes in batches and returns how many rows."""

    database: Database

    def receipts(self, connection: str, before: datetime, lease: Lease | None = None) -> int:
        """Delete receipts of patches, of whole runs at a time, and those of actions that are over.

        The keys of actions are kept, because none is used twice.
        """
        key, limit = self.database.connection_key(connection), instant(before)
        old = self._oldest_kept(key, limit)
        where = f"connection = ? AND run < ? AND NOT ({UNDOES})"
        deleted = self.database.delete(patch, where, (key, old, key, key), lease)
        empty = "connection = ? AND state = 'done' AND run < ? AND id NOT IN (SELECT batch FROM patch WHERE run < ?)"
        self.database.delete(batch, empty, (key, old, old), lease)
        over = "SELECT id FROM action WHERE connection = ? AND state IN ('over', 'undone')"
        where = f"connection = ? AND at < ? AND action IN ({over})"
        return deleted + self.database.delete(work_tables.action_receipt, where, (key, limit, key), lease)

    def _oldest_kept(self, key: int, limit: int) -> int:
        """The first run with a receipt that is not old, or with a patch that is not settled."""
        query = (
            "SELECT coalesce((SELECT min(run) FROM patch WHERE connection = ? AND (at >= ? OR outcome IS NULL)),"
            " (SELECT max(id) + 1 FROM run WHERE connection = ?), 0)"
        )
        with self.database.reading() as sql:
            return int(sql.rows(query, key, limit, key)[0][0])

    def runs(self, connection: str, before: datetime, lease: Lease | None = None) -> int:
        """Delete rows of runs that nothing kept names any more; the newest NEWEST always stay."""
        key = self.database.connection_key(connection)
        newest = f"SELECT id FROM run WHERE connection = ? ORDER BY id DESC LIMIT 1 OFFSET {NEWEST}"
        where = (
            f"connection = ? AND started_at < ? AND id <= ({newest}) AND state IS NOT NULL AND coalesce(judged, 0) = 0"
            f" AND NOT (kind = '{work_tables.UNDO}' AND EXISTS (SELECT 1 FROM push_state WHERE connection = ? AND"
            f" undone IS NOT NULL)) AND id NOT IN ({NEEDED})"
        )
        given = (key, instant(before), key, key, *[key] * NEEDED.count("?"))
        return self.database.delete(run, where, given, lease)

    def reports(self, connection: str, before: datetime, lease: Lease | None = None) -> int:
        """Drop the long parts of old reports: records set aside, remarks, reasons, trouble."""
        key, last, changed = self.database.connection_key(connection), 0, 0
        mine = (run.c.connection == key) & (run.c.started_at < before) & run.c.counts.is_not(None)
        while True:
            query = sa.select(run.c.id, run.c.counts).where(mine & (run.c.id > last)).order_by(run.c.id).limit(REPORTS)
            with self.database.writing(lease) as sql:
                rows = sql.tx.execute(query).all()
                for id_, counts in rows:
                    short = counts | {name: empty for name, empty in DROPPED.items() if name in counts}
                    if short != counts:
                        sql.tx.execute(sa.update(run).where(run.c.id == id_).values(counts=short))
                        changed += 1
            if len(rows) < REPORTS:
                return changed
            last = rows[-1].id

    def policy_files(self, before: datetime) -> int:
        """Delete policy files that no run and no frozen night of any connection names."""
        return self.database.delete(work_tables.policy_set, UNNAMED, (instant(before),))

    def calls(self, connection: str, before: datetime) -> int:
        """Delete counts of calls."""
        hour, key = instant(before) // 3_600_000_000, self.database.connection_key(connection)
        return self.database.delete(mirror_tables.calls, "connection = ? AND hour < ?", (key, hour))

    def proposals(self, connection: str, before: datetime) -> int:
        """Delete proposed calibrations that were not accepted."""
        key = self.database.connection_key(connection)
        where = "connection = ? AND accepted_on IS NULL AND on_day < ?"
        return self.database.delete(work_tables.calibration, where, (key, day(before.date())))
