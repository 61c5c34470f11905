"""Leads as they were known at an instant, with the touches since each became one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson
import polars as pl

from model import subjects
from model.snapshot import INSTANT, LEADS, Snapshot
from store import tracked_tables
from store.codec import instant
from store.history.past import BACK, taken_back, with_unread
from store.history.queries import owners
from store.history.snapshot import feeds_of

if TYPE_CHECKING:
    from datetime import datetime

    from store.history.touches import TouchRule
    from store.sql import Sql

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


def read_leads(sql: Sql, connection: int, as_of: datetime, touch: TouchRule) -> Snapshot:
    """`History.snapshot` of leads on an open transaction."""
    at = instant(as_of)
    found = _as_they_were(sql, connection, at, _leads(sql, connection, at))
    touched = _touched(sql, connection, at, touch)
    records = found.join(touched, on="key", how="left", maintain_order="left").select(LEADS.names())
    return Snapshot(as_of, records, owners(sql, connection), feeds_of(sql, connection), subjects.LEADS)


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
    """Undo later changes. Values of leads that were edited before Sluicegate first read them are unread."""
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
    own_users = sorted(touch.own_users)
    others = " AND ".join(["a.created_by <> ?"] * len(own_users)) or "1 = 1"
    return sql.frame(TOUCHES.format(others=others), (connection, at, at, *own_users), TOUCHED)
