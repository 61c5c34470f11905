"""The history of flags, and the acts of people on deals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from model.flag_history import ACTS, DEAL_SPANS, FLAG_SPANS, RUNS
from model.widening.copied_next_steps import STEPS
from store.codec import instant
from store.verdicts.decisions import ABOUT_DEALS, run_at

if TYPE_CHECKING:
    from datetime import datetime

    from store.database import Database
    from store.sql import Sql

SEVERITY: Final = r'"severity":"(\w+)"'
COUNTS: Final = (
    "a.gone IS NULL AND a.state <> 'cancelled' AND coalesce(a.bulk, 0) = 0 AND coalesce(a.possible, 0) = 0"
    " AND a.connection = ?"
)
"""The touch rule of model/touch_rule.py, except for its authors: the caller filters by `created_by`."""
ON_DEAL: Final = f"SELECT a.key, a.created, a.at, a.created_by FROM activity a WHERE {COUNTS} AND a.key <> 0"
ON_CONTACT: Final = (
    "SELECT DISTINCT r.key, a.created, a.at, a.created_by FROM activity a JOIN contact_role r"
    f" ON r.connection = a.connection AND r.contact_id = a.contact_id AND r.gone IS NULL WHERE {COUNTS} AND a.key = 0"
)
ON_ACCOUNT: Final = (
    "SELECT o.key, a.created, a.at, a.created_by FROM activity a JOIN opportunity o"
    f" ON o.connection = a.connection AND o.account_id = a.account_id WHERE {COUNTS} AND a.key = 0"
    " AND a.contact_id IS NULL"
)


@dataclass(frozen=True)
class FlagHistory:
    """Runs, flags and acts over time."""

    database: Database

    def runs(self, connection: str) -> pl.DataFrame:
        """Every run, oldest first (RUNS)."""
        query = (
            "SELECT id, as_of, policy_digest, calibration, coalesce(judged, 0) FROM run WHERE connection = ?"
            " ORDER BY id"
        )
        with self.database.reading() as sql:
            return sql.frame(query, (self.database.connection_key(connection),), RUNS)

    def flags(self, connection: str, since: datetime) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Findings (FLAG_SPANS) and deals (DEAL_SPANS) in force at any time from an instant on."""
        key = self.database.connection_key(connection)
        with self.database.reading() as sql:
            first = run_at(sql, key, since) or 0
            raw = pl.Schema({**FLAG_SPANS, "severity": pl.String()})
            names = "key, policy, status, shown, flag, began"
            findings = sql.frame(_since("finding", names, first, ABOUT_DEALS), (key, key), raw)
            deals = sql.frame(_since("deal_verdict", "key, is_open, began", first), (key, key), DEAL_SPANS)
        findings = findings.with_columns(pl.col("severity").str.extract(SEVERITY)).sort("key", "policy", "began")
        return findings, deals.sort("key", "began")

    def acts(self, connection: str, since: datetime, *, roll_up: bool) -> pl.DataFrame:
        """Acts on deals from an instant on (ACTS); `roll_up` adds activities logged on contacts and accounts."""
        key, at = self.database.connection_key(connection), instant(since)
        with self.database.reading() as sql:
            parts = [
                sql.frame(
                    "SELECT key, field, changed_at, actor_id, after FROM field_change"
                    " WHERE connection = ? AND changed_at >= ?", (key, at), ACTS,
                ),
                sql.frame(
                    "SELECT key, 'stage_name', at, actor_id, NULL FROM stage_change WHERE connection = ? AND at >= ?",
                    (key, at), ACTS,
                ),
                sql.frame(
                    "SELECT key, 'contact_roles', created, NULL, NULL FROM contact_role"
                    " WHERE connection = ? AND created >= ? AND gone IS NULL", (key, at), ACTS,
                ),
                _activities(sql, key, at, roll_up=roll_up),
            ]  # fmt: skip
        return pl.concat(parts).sort("key", "field", "at")

    def next_steps(self, connection: str) -> pl.DataFrame:
        """The next step of each open deal now (STEPS of model/widening/copied_next_steps.py)."""
        query = (
            "SELECT key, owner_id, next_step FROM opportunity WHERE connection = ? AND gone IS NULL"
            " AND coalesce(is_closed, 0) = 0 AND owner_id IS NOT NULL AND next_step IS NOT NULL ORDER BY key"
        )
        with self.database.reading() as sql:
            return sql.frame(query, (self.database.connection_key(connection),), STEPS)


def _since(table: str, names: str, first: int, only: str = "") -> str:
    return (
        f"SELECT {names}, NULL FROM {table} WHERE connection = ?{only}"
        f" UNION ALL SELECT {names}, ended FROM {table}_past WHERE connection = ? AND ended > {first:d}{only}"
    )


def _activities(sql: Sql, connection: int, since: int, *, roll_up: bool) -> pl.DataFrame:
    """Each activity twice: when it was entered and when it took place."""
    sources = [ON_DEAL, ON_CONTACT, ON_ACCOUNT] if roll_up else [ON_DEAL]
    frames = []
    for source in sources:
        for when in ("created", "at"):
            query = f"SELECT key, 'activities', {when}, created_by, NULL FROM ({source}) a WHERE {when} >= ?"
            frames.append(sql.frame(query, (connection, since), ACTS))
    return pl.concat(frames)
