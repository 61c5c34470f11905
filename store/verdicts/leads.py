"""Leads: their facts at an instant, their findings, and the list for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
import polars as pl

from model.previous_verdict import FINDINGS
from model.snapshot import INSTANT, LEADS, OWNERS, LeadSnapshot
from store import tracked_tables
from store.codec import instant, instant_of
from store.history.past import BACK, taken_back, with_unread
from store.history.snapshot import owners
from store.verdicts.verdicts import tuples

if TYPE_CHECKING:
    from datetime import datetime

    from store.database import Database
    from store.fence import Lease
    from store.history.touches import TouchRule
    from store.sql import Sql

FOUND: Final = ("key", "policy")
TOUCHES: Final = """
    SELECT l.key, min(a.at), max(a.at) FROM lead l JOIN lead_activity a
      ON a.connection = l.connection AND a.lead_id = l.id
    WHERE l.connection = ? AND (a.gone IS NULL OR (a.gone = 'vanished' AND l.is_converted = 1))
      AND (a.created IS NULL OR a.created <= ?) AND a.at <= ?
      AND (l.created IS NULL OR a.at >= l.created) AND (a.state = 'done' OR a.kind = 'meeting')
      AND a.state <> 'cancelled' AND coalesce(a.bulk, 0) = 0 AND (a.created_by IS NULL OR ({others}))
    GROUP BY l.key"""
"""The touch rule of model/touch_rule.py; what came before the lead was one is none. A conversion takes what was logged
to the contact, where we no longer see it on the lead: it counts all the same.
"""
TOUCHED: Final = pl.Schema({"key": pl.Int64(), "first_touch": INSTANT, "last_touch": INSTANT})
LIST: Final = """
    SELECT l.key, l.id, l.name, l.company, l.source, l.status, coalesce(u.name, l.owner_id), l.is_converted, l.created
    FROM lead l LEFT JOIN owner u ON u.connection = l.connection AND u.id = l.owner_id
    WHERE l.connection = ? AND l.first_seen IS NOT NULL AND l.gone IS NULL ORDER BY l.key"""
LISTED: Final = ("key", "id", "name", "company", "source", "status", "owner", "is_converted", "created")


@dataclass(frozen=True)
class Leads:
    """Leads and the verdict on them."""

    database: Database

    def snapshot(self, connection: str, as_of: datetime, *, touch: TouchRule) -> LeadSnapshot:
        """What was known and true of leads at `as_of`."""
        key, at = self.database.connection_key(connection), instant(as_of)
        with self.database.reading() as sql:
            leads = _as_they_were(sql, key, at, _leads(sql, key, at))
            touched = _touched(sql, key, at, touch)
            feeds = dict(sql.rows("SELECT name, read_at FROM feed WHERE connection = ?", key))
            return LeadSnapshot(
                as_of=as_of,
                leads=leads.join(touched, on="key", how="left", maintain_order="left").select(LEADS.names()),
                owners=owners(sql, key).select(OWNERS.names()),
                feeds={name: instant_of(read) for name, read in feeds.items()},
            )

    def previous(self, connection: str) -> pl.DataFrame:
        """The findings of the last verdict on leads, with the schema FINDINGS."""
        with self.database.reading() as sql:
            return _found(sql, self.database.connection_key(connection))

    def forget(self, connection: str, lease: Lease | None = None) -> None:
        """There is none any more: no policy names leads."""
        with self.database.reading() as sql:
            known = sql.rows(
                "SELECT 1 FROM lead_finding WHERE connection = ? LIMIT 1", self.database.connection_key(connection)
            )
        if known:
            self.keep(connection, pl.DataFrame(schema=FINDINGS), lease)

    def keep(self, connection: str, findings: pl.DataFrame, lease: Lease | None = None) -> None:
        """Replace the verdict on leads."""
        key = self.database.connection_key(connection)
        with self.database.writing(lease) as sql:
            old, names = _found(sql, key), FINDINGS.names()
            changed = findings.join(old, on=names, how="anti", nulls_equal=True)
            absent = old.join(findings, on=FOUND, how="anti").select(FOUND)
            gone = "DELETE FROM lead_finding WHERE connection = ? AND key = ? AND policy = ?"
            sql.many(gone, tuples(key, absent))
            sql.upsert("lead_finding", ("connection", *names), tuples(key, changed), ("connection", *FOUND))

    def all(self, connection: str) -> list[dict[str, Any]]:
        """Every lead that is not gone: {key, id, name, company, source, status, owner, is_converted, created, broken,
        unknown}; the last two are the JSON objects of the findings.
        """
        key = self.database.connection_key(connection)
        query = (
            "SELECT key, status, flag FROM lead_finding WHERE connection = ? AND flag IS NOT NULL ORDER BY key, policy"
        )
        with self.database.reading() as sql:
            found: dict[int, dict[str, list[Any]]] = {}
            for lead, status, flag in sql.rows(query, key):
                found.setdefault(lead, {"broken": [], "unknown": []})[status].append(orjson.loads(flag))
            return [_listed(row, found.get(row[0], {})) for row in sql.rows(LIST, key)]


def _found(sql: Sql, connection: int) -> pl.DataFrame:
    """The findings as last kept."""
    query = f"SELECT {', '.join(FINDINGS)} FROM lead_finding WHERE connection = ? ORDER BY key, policy"
    return sql.frame(query, (connection,), FINDINGS)


def _listed(row: tuple[Any, ...], found: dict[str, list[Any]]) -> dict[str, Any]:
    lead = dict(zip(LISTED, row, strict=True))
    created = None if lead["created"] is None else instant_of(lead["created"])
    converted = None if lead["is_converted"] is None else bool(lead["is_converted"])
    findings = {"broken": found.get("broken", []), "unknown": found.get("unknown", [])}
    return {**lead, "created": created, "is_converted": converted, **findings}


def _leads(sql: Sql, connection: int, at: int) -> pl.DataFrame:
    """Leads as they stand now, but for those that did not exist then."""
    extra = {"first_seen": pl.Int64(), "first_edit": pl.Int64()}
    schema = pl.Schema({**{c: LEADS[c] for c in LEADS if not c.endswith("_touch")}, **extra})
    query = (
        f"SELECT {', '.join(schema)} FROM lead WHERE connection = ? AND first_seen IS NOT NULL"
        " AND (created IS NULL OR created <= ?) AND (gone IS NULL OR gone_at > ?) ORDER BY key"
    )
    frame = sql.frame(query, (connection, at, at), schema)
    return frame.with_columns(pl.col("unread").fill_null(""), pl.col("facts").fill_null("{}"))


def _as_they_were(sql: Sql, connection: int, at: int, leads: pl.DataFrame) -> pl.DataFrame:
    """Later changes are taken back; what nobody saw of leads that were edited before we first saw them is unread."""
    query = (
        "SELECT key, field, before FROM lead_change"
        " WHERE connection = ? AND changed_at > ? ORDER BY key, changed_at, id"
    )
    later = sql.frame(query, (connection, at), BACK).unique(["key", "field"], keep="first", maintain_order=True)
    leads = taken_back(leads, later, tracked_tables.LEADS.tracked, LEADS)
    unseen = (pl.col("first_seen") > at) & (pl.col("first_edit") > at)
    columns = pl.lit(";".join(tracked_tables.LEADS.tracked))
    names = pl.concat_str(columns, _fact_names(leads), separator=";", ignore_nulls=True)
    return leads.with_columns(unread=with_unread(pl.when(unseen).then(names)))


def _fact_names(leads: pl.DataFrame) -> pl.Series:
    names = [";".join(orjson.loads(facts)) or None for facts in leads["facts"]]
    return pl.Series("facts", names, dtype=pl.String)


def _touched(sql: Sql, connection: int, at: int, touch: TouchRule) -> pl.DataFrame:
    ours = sorted(touch.ours)
    others = " AND ".join(["a.created_by <> ?"] * len(ours)) or "1 = 1"
    return sql.frame(TOUCHES.format(others=others), (connection, at, at, *ours), TOUCHED)
