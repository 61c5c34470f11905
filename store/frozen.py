"""Frozen nights: deals, facts, verdict and KPI values as they stood, with the revisions in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from model.subjects import OPPORTUNITIES
from store import work_tables
from store.codec import day, instant, json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from store.database import Database
    from store.fence import Lease
    from store.sql import Sql

DAY_US: Final = 86_400_000_000
COPIED: Final = ("stage_name", "amount", "currency", "close_date", "owner_id", "is_closed")
FREEZE: Final = f"""
    INSERT INTO frozen (connection, day, key, {", ".join(COPIED)}, score, gate)
    SELECT o.connection, ?, o.key, {", ".join(f"o.{name}" for name in COPIED)}, v.score, v.gate
    FROM opportunity o LEFT JOIN deal_verdict v ON v.connection = o.connection AND v.key = o.key
    LEFT JOIN frozen f ON f.connection = o.connection AND f.day = ? AND f.key = o.key
    WHERE o.connection = ? AND o.first_seen IS NOT NULL AND o.gone IS NULL
    AND (coalesce(o.is_closed, 0) = 0 OR f.key IS NOT NULL AND coalesce(f.is_closed, 0) = 0
      OR f.key IS NULL AND o.first_seen >= ?)"""
"""`f` is the last frozen day: a closed deal is frozen if it was open on that day or did not exist yet."""
NIGHT: Final = ("connection", "day", "run", "as_of", "policy_digest", "calibration", "kpi_revision", "deals")
nights = work_tables.frozen_night


@dataclass(frozen=True)
class Revisions:
    """What a night was judged and measured by; before the first judgement, policies and calibration are ''."""

    policy_digest: str
    calibration: str
    kpi_revision: str


@dataclass(frozen=True)
class FrozenNights:
    """The pipeline as it stood night by night."""

    database: Database

    def freeze(
        self, connection: str, on: date, as_of: datetime, revisions: Revisions, lease: Lease | None = None
    ) -> int:
        """Freeze the pipeline of a day and replace an earlier freeze of that day; returns how many deals it holds.

        It holds every open deal and those that closed since the last frozen day; the first freeze holds all deals. The
        night's KPI values are those of the newest run that measured.
        """
        key, today = self.database.connection_key(connection), day(on)
        with self.database.writing(lease) as sql:
            sql.run("DELETE FROM frozen WHERE connection = ? AND day = ?", key, today)
            last = sql.rows("SELECT max(day) FROM frozen WHERE connection = ? AND day < ?", key, today)[0][0]
            sql.run(FREEZE, today, last, key, (last or 0) * DAY_US)
            rows = [(json(ids), key, today, deal) for deal, ids in _flags(sql, key).items()]
            sql.many("UPDATE frozen SET flags = ? WHERE connection = ? AND day = ? AND key = ?", rows)
            (count,) = sql.rows("SELECT count(*) FROM frozen WHERE connection = ? AND day = ?", key, today)[0]
            run = sql.rows("SELECT max(run) FROM kpi_value WHERE connection = ?", key)[0][0]
            night = (key, today, run, instant(as_of), revisions.policy_digest, revisions.calibration,
                     revisions.kpi_revision, int(count))  # fmt: skip
            sql.upsert("frozen_night", NIGHT, [night], ("connection", "day"))
            return int(count)

    def keys(self, connection: str, on: date) -> list[int]:
        """Keys of the deals that a frozen day holds."""
        with self.database.reading() as sql:
            key = self.database.connection_key(connection)
            found = sql.rows("SELECT key FROM frozen WHERE connection = ? AND day = ? ORDER BY key", key, day(on))
            return [deal for (deal,) in found]

    def keep_facts(
        self, connection: str, on: date, facts: Iterable[tuple[int, str]], lease: Lease | None = None
    ) -> None:
        """Keep the facts of deals that a frozen day holds, by key, each as a JSON object."""
        key, today = self.database.connection_key(connection), day(on)
        with self.database.writing(lease) as sql:
            rows = [(text, key, today, deal) for deal, text in facts]
            sql.many("UPDATE frozen SET facts = ? WHERE connection = ? AND day = ? AND key = ?", rows)

    def nights(self, connection: str) -> list[dict[str, Any]]:
        """Every frozen night, oldest first: day, run (which measured its KPI values), as_of, revisions, deals."""
        mine = nights.c.connection == self.database.connection_key(connection)
        query = sa.select(nights).where(mine).order_by(nights.c.day)
        with self.database.reading() as sql:
            return [dict(row) for row in sql.tx.execute(query).mappings()]

    def forget(self, connection: str, before: date, lease: Lease | None = None) -> int:
        """Delete nights from before a day; returns how many deals' rows."""
        old = ("connection = ? AND day < ?", (self.database.connection_key(connection), day(before)), lease)
        self.database.delete(nights, *old)
        return self.database.delete(work_tables.frozen, *old)


def _flags(sql: Sql, connection: int) -> dict[int, list[str]]:
    """The broken policies of each deal that has any."""
    flags: dict[int, list[str]] = {}
    broken = """
        SELECT key, policy FROM finding WHERE connection = ? AND subject = ? AND status = 'broken'
        ORDER BY key, policy"""
    for deal, policy in sql.rows(broken, connection, OPPORTUNITIES.table):
        flags.setdefault(deal, []).append(policy)
    return flags
