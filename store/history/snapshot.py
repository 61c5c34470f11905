"""Snapshots: everything known of a connection at one instant, read in one transaction into Polars columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from model.facts import FOLLOWED
from model.snapshot import (
    CLAIM_CHANGES,
    CRM_STAGES,
    DEALS,
    FIELD_CHANGES,
    RATES,
    ROLES,
    STAGE_CHANGES,
    Snapshot,
)
from store.codec import instant, instant_of
from store.history.builder import HistoryBuilder, UnrecordedChanges
from store.history.queries import HISTORY, WITHOUT_FEED, owners, reach, since_creation, small_table, with_history_gaps
from store.history.raw import read_some
from store.history.touches import TouchRule, activity_frame
from store.sql_parts import deal_filter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from model.deal_keys import DealKeys
    from model.sync import FieldHistory
    from store.history.queries import Reach
    from store.sql import Sql

EVENT: Final = pl.Schema({"key": pl.Int64(), "field": pl.String(), "at": pl.Datetime("us", "UTC")})
ROLES_TEXT: Final = pl.Schema({"key": pl.Int64(), "contact_count": pl.Int64(), "roles": pl.List(pl.String())})


def read_snapshot(  # noqa: PLR0917 - what is read of which deals
    sql: Sql,
    connection: int,
    as_of: datetime,
    touch: TouchRule,
    keys: DealKeys,
    claims: Sequence[str],
    fields: FieldHistory | None,
) -> Snapshot:
    """`History.snapshot` on an open transaction."""
    at = instant(as_of)
    if sql.postgres:
        sql.run("SET LOCAL work_mem = '256MB'")
    activity = activity_frame(sql, connection, at, touch, keys)
    deals = _deals(sql, connection, at, keys)
    known = deals.select("key")  # neither gone ones nor shells
    changes = _stage_changes(sql, connection, at, keys).join(known, on="key", how="semi", maintain_order="left")
    stages = small_table(sql, connection, "crm_stage", CRM_STAGES)
    followed = _field_changes(sql, connection, at, keys).join(known, on="key", how="semi", maintain_order="left")
    known_from = reach(sql, connection, fields, (*HISTORY.values(), *WITHOUT_FEED))
    deals = _with_changes(sql, connection, at, keys, deals, known_from).select(DEALS.names())
    return Snapshot(
        as_of=as_of,
        records=_as_they_were(sql, connection, as_of, touch, keys, deals, fields),
        stage_changes=changes,
        field_changes=followed,
        activity=activity.join(known, on="key", how="semi"),
        claim_changes=_claim_changes(sql, connection, at, keys, claims),
        roles=_roles(sql, connection, at, keys).join(known, on="key", how="semi"),
        owners=owners(sql, connection),
        crm_stages=stages,
        rates=small_table(sql, connection, "rate", RATES),
        feeds=feeds_of(sql, connection),
    )


def _deals(sql: Sql, connection: int, at: int, keys: DealKeys) -> pl.DataFrame:
    """Deals as they stand now, but for those that did not exist then; with what `as_it_was` needs."""
    extra = {"first_seen": pl.Int64(), "first_edit": pl.Int64()}
    schema = pl.Schema({**{c: DEALS[c] for c in DEALS if c not in HISTORY}, **extra})
    query = (
        f"SELECT {', '.join(f'{c}' for c in schema)} FROM opportunity"
        f" WHERE connection = ? AND {deal_filter(keys)} AND first_seen IS NOT NULL"
        " AND (created IS NULL OR created <= ?) AND (gone IS NULL OR gone_at > ?)"
        + (" ORDER BY key" if sql.postgres else "")  # SQLite reads in this order anyway
    )
    frame = sql.frame(query, (connection, at, at), schema)
    return frame.with_columns(pl.col("unread").fill_null(""), pl.col("facts").fill_null("{}"))


def _stage_changes(sql: Sql, connection: int, at: int, keys: DealKeys) -> pl.DataFrame:
    query = (
        "SELECT key, at, stage_name, pipeline, actor_id FROM stage_change"
        f" WHERE connection = ? AND {deal_filter(keys)} AND at <= ? ORDER BY key, at, id"
    )
    return sql.frame(query, (connection, at), STAGE_CHANGES)


def _field_changes(sql: Sql, connection: int, at: int, keys: DealKeys) -> pl.DataFrame:
    query = (
        "SELECT key, changed_at, field, before, after FROM field_change"
        f" WHERE connection = ? AND {deal_filter(keys)} AND field IN ({', '.join('?' * len(FOLLOWED))})"
        " AND changed_at <= ? ORDER BY key, changed_at, id"
    )
    return sql.frame(query, (connection, *sorted(FOLLOWED), at), FIELD_CHANGES)


def _claim_changes(sql: Sql, connection: int, at: int, keys: DealKeys, fields: Sequence[str]) -> pl.DataFrame:
    if not fields:
        return pl.DataFrame(schema=CLAIM_CHANGES)
    # what we saw between two pulls came after the first of them, at an hour that nobody knows
    at_least = "CASE WHEN origin = 'mirror' THEN coalesce(after_edit, changed_at) ELSE changed_at END"
    query = (
        f"SELECT key, {at_least} AS at, field, before FROM field_change WHERE connection = ? AND {deal_filter(keys)}"
        f" AND changed_at <= ? AND field IN ({', '.join('?' * len(fields))}) ORDER BY key, at, id"
    )
    return sql.frame(query, (connection, at, *fields), CLAIM_CHANGES)


def _roles(sql: Sql, connection: int, at: int, keys: DealKeys) -> pl.DataFrame:
    query = (
        "SELECT key, count(DISTINCT contact_id), {JOIN}(role, chr(31)) FROM contact_role"
        f" WHERE connection = ? AND {deal_filter(keys)} AND gone IS NULL AND (created IS NULL OR created <= ?)"
        " GROUP BY key ORDER BY key"
    ).replace("chr(31)", "chr(31)" if sql.postgres else "char(31)")
    frame = sql.frame(query, (connection, at), ROLES_TEXT)
    roles = pl.col("roles").list.unique().list.sort().fill_null(pl.lit([], dtype=pl.List(pl.String)))
    return frame.with_columns(roles).select(ROLES.names())


def _as_they_were(  # noqa: PLR0917 - what a snapshot has read so far
    sql: Sql, connection: int, as_of: datetime, touch: TouchRule, keys: DealKeys, deals: pl.DataFrame,
    fields: FieldHistory | None,
) -> pl.DataFrame:  # fmt: skip
    """Deals with those of which something later is recorded as history says that they were."""
    at = instant(as_of)
    these = deal_filter(keys)
    query = (
        f"SELECT DISTINCT key FROM field_change WHERE connection = ? AND {these} AND changed_at > ?"
        f" UNION SELECT DISTINCT key FROM stage_change WHERE connection = ? AND {these} AND at > ?"
        f" UNION SELECT key FROM opportunity WHERE connection = ? AND {these}"
        " AND first_seen > ? AND first_edit > ?"
    )
    where = (connection, at)
    later = sql.frame(query, (*where, *where, *where, at), pl.Schema({"key": pl.Int64()}))["key"]
    changed = deals.filter(pl.col("key").is_in(later.implode())).select("key", day=pl.lit(0, pl.Int64))
    if changed.is_empty():
        return deals
    raw = read_some(sql, connection, at, touch, changed["key"], fields)
    then = HistoryBuilder(raw, (as_of,), UnrecordedChanges()).deals.at(changed).select(DEALS.names())
    others = deals.join(changed, on="key", how="anti")
    return pl.concat([others, then]).sort("key")


def _with_changes(  # noqa: PLR0917 - what a snapshot has read so far
    sql: Sql, connection: int, at: int, keys: DealKeys, deals: pl.DataFrame, known_from: Reach
) -> pl.DataFrame:
    """When the next step was last written and the owner last changed, as far as history says.

    What nobody saw change is as old as the deal where a change would have been seen: in the CRM's own history, which
    reaches back to its first row of that field, or by us from the deal's first hour on.
    """
    query = (
        f"SELECT key, field, max(changed_at) FROM field_change WHERE connection = ? AND {deal_filter(keys)}"
        " AND changed_at <= ? AND field IN ('next_step', 'owner_id') GROUP BY key, field"
    )
    found = sql.frame(query, (connection, at), EVENT)
    for column, field in HISTORY.items():
        one = found.filter(pl.col("field") == field).select("key", pl.col("at").alias(column))
        deals = deals.join(one, on="key", how="left", maintain_order="left")
        since = pl.when(since_creation(known_from, field)).then("created")
        deals = deals.with_columns(pl.coalesce(column, since).alias(column))
    return with_history_gaps(deals, known_from)


def feeds_of(sql: Sql, connection: int) -> dict[str, datetime]:
    """When each feed was last read in full."""
    rows = sql.rows("SELECT name, read_at FROM feed WHERE connection = ?", connection)
    return {name: instant_of(read) for name, read in rows}
