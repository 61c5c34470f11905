"""The store's rows behind past rows: every change, whenever it became known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from model.deal_keys import DealKeys
from model.snapshot import CRM_STAGES, DEALS, INSTANT, RATES
from store.codec import instant_of
from store.history.queries import HISTORY, Reach, owners, reach, small_table
from store.history.touches import COUNTS, _rows
from store.sql_parts import deal_filter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from model.sync import FieldHistory
    from store.history.touches import TouchRule
    from store.sql import Sql

Int: Final = pl.Int64()
KEPT: Final = pl.Schema({
    **{name: DEALS[name] for name in DEALS if name not in HISTORY},
    "first_seen": Int, "first_edit": Int, "gone_at": Int,
})  # fmt: skip
MOVES: Final = pl.Schema({
    "key": Int, "at": INSTANT, "stage_name": pl.String(), "pipeline": pl.String(), "actor_id": pl.String(),
})  # fmt: skip
CHANGES: Final = pl.Schema({
    "key": Int, "at": INSTANT, "field": pl.String(), "before": pl.String(), "after": pl.String(), "at_least": INSTANT,
})  # fmt: skip
"""`at_least`: the earliest possible instant. For a change seen between two pulls it is the first pull."""
ROLES: Final = pl.Schema({"key": Int, "at": INSTANT, "contact_id": pl.String(), "role": pl.String()})
ACTIVITIES: Final = pl.Schema({
    "key": Int, "at": Int, "due": Int, "created": Int, "owner_id": pl.String(), "direct": pl.Boolean(),
    "meeting": pl.Boolean(), "dated": pl.Boolean(), "open": pl.Boolean(), "held": pl.Boolean(), "counts": pl.Boolean(),
    "gone": pl.Boolean(), "vanished": pl.Boolean(), "possible": pl.Boolean(),
})  # fmt: skip
"""`dated`: a task or call, pending until its instant. `held`: done once its instant has come."""


@dataclass(frozen=True)
class Raw:
    """All rows of some deals, histories sorted by key, instant and the CRM's order."""

    deals: pl.DataFrame
    moves: pl.DataFrame
    changes: pl.DataFrame
    roles: pl.DataFrame
    activities: pl.DataFrame
    owners: pl.DataFrame
    crm_stages: pl.DataFrame
    rates: pl.DataFrame
    feeds: Mapping[str, datetime]
    reach: Reach  # since when each field is known

    def instants(self) -> pl.DataFrame:
        """key, at (INSTANT): every instant at which something recorded of a deal may change what is known of it."""
        acts = self.activities
        entered = pl.max_horizontal("at", "created")
        gone = pl.max_horizontal(pl.col("at") + MONTH, "created")  # out of the touches of 30 days
        parts = [
            *(frame.select("key", pl.col("at").to_physical()) for frame in (self.moves, self.changes, self.roles)),
            *(acts.select("key", at=at) for at in (pl.col("at"), pl.col("created"), entered, gone)),
            self.deals.select("key", at=pl.min_horizontal("first_seen", "first_edit")),
        ]
        return pl.concat(parts).drop_nulls().unique().select("key", pl.col("at").cast(INSTANT))

    def zones(self, owners: pl.DataFrame, default: str) -> pl.DataFrame:
        """key, zone: the zones of all `owners` (OWNERS) whom each deal ever had; `default` where none is known."""
        owned = self.deals.select("key", "owner_id")
        before = self.changes.filter(pl.col("field") == "owner_id").select(
            "key", owner_id=pl.col("before").str.strip_chars('"')
        )
        theirs = owners.select("zone", owner_id="id")
        found = pl.concat([owned, before]).join(theirs, on="owner_id", how="left")
        return found.select("key", pl.col("zone").fill_null(default)).unique()

    def entered_late(self) -> pl.DataFrame:
        """key, at, known (INSTANT): activities that were entered after they happened."""
        late = self.activities.filter(pl.col("held") & (pl.col("created") > pl.col("at")))
        return late.select("key", pl.col("at").cast(INSTANT), known=pl.col("created").cast(INSTANT))

    def known_later(self, rows: pl.DataFrame) -> Raw:
        """Copies of deals as they would have been if what was entered by `known` had been entered in time.

        `rows`: key (of a deal), known (INSTANT). The copies' keys are the places of `rows`.
        """
        places = rows.with_row_index("copy").with_columns(pl.col("copy").cast(Int))

        def copied(frame: pl.DataFrame) -> pl.DataFrame:
            joined = places.join(frame, on="key", how="inner", maintain_order="left_right")
            return joined.drop("key").rename({"copy": "key"}).select(*frame.columns, "known")

        acts = copied(self.activities)
        acts = acts.filter((pl.col("created") <= pl.col("known").to_physical()).fill_null(value=True))
        late = pl.col("created") > pl.col("at")
        in_time = acts.with_columns(created=pl.when(late).then("at").otherwise("created"))
        deals, moves, changes, roles = (
            copied(frame).drop("known") for frame in (self.deals, self.moves, self.changes, self.roles)
        )
        activities = in_time.drop("known")
        return replace(self, deals=deals, moves=moves, changes=changes, roles=roles, activities=activities)

    def only(self, deals: pl.DataFrame) -> Raw:
        """The rows of some deals with adjacent keys."""
        span = pl.col("key").is_between(deals["key"].min(), deals["key"].max())
        children = {name: getattr(self, name).filter(span) for name in ("moves", "changes", "roles", "activities")}
        return replace(self, deals=deals, **children)


MONTH: Final = 30 * 86_400_000_000  # µs
OWNED: Final = " AND field IN ('owner_id', 'is_closed', 'stage_name', 'pipeline')"
TOUCHED: Final = (
    " AND (state = 'done' OR kind = 'meeting') AND state <> 'cancelled' AND gone IS NULL AND coalesce(possible, 0) = 0"
)


def read(  # noqa: PLR0917 - what past rows need
    sql: Sql, connection: int, first: int, last: int, touch: TouchRule, keys: DealKeys,
    fields: FieldHistory | None = None, *, lean: bool = False,
) -> Raw:  # fmt: skip
    """Everything about some deals that lived between two instants (µs).

    `lean`: read only the history of owners, open deals and touches.
    """
    these = deal_filter(keys)
    return Raw(
        deals=_deals(sql, connection, first, last, these),
        moves=sql.frame(
            "SELECT key, at, stage_name, pipeline, actor_id FROM stage_change"
            f" WHERE connection = ? AND {these} ORDER BY key, at, id", (connection,), MOVES,
        ),
        changes=sql.frame(
            "SELECT key, changed_at, field, before, after,"
            " CASE WHEN origin = 'mirror' THEN coalesce(after_edit, changed_at) ELSE changed_at END AS at_least"
            f" FROM field_change WHERE connection = ? AND {these}{OWNED if lean else ''}"
            " ORDER BY key, changed_at, id",
            (connection,), CHANGES,
        ),
        roles=sql.frame(
            f"SELECT key, created, contact_id, role FROM contact_role WHERE connection = ? AND {these}"
            f" AND gone IS NULL{' AND 1 = 0' if lean else ''} ORDER BY key, coalesce(created, 0), id",
            (connection,), ROLES,
        ),
        activities=_activities(sql, connection, last, touch, keys, TOUCHED if lean else ""),
        owners=owners(sql, connection),
        crm_stages=small_table(sql, connection, "crm_stage", CRM_STAGES),
        rates=small_table(sql, connection, "rate", RATES),
        feeds={
            name: instant_of(at) for name, at in sql.rows("SELECT name, read_at FROM feed WHERE connection = ?",
                                                          connection)
        },
        reach=reach(sql, connection, fields),
    )  # fmt: skip


def read_some(  # noqa: PLR0917 - what a history reads
    sql: Sql, connection: int, last: int, touch: TouchRule, keys: pl.Series, fields: FieldHistory | None = None
) -> Raw:
    """Everything about some deals until an instant (µs)."""
    return read(sql, connection, 0, last, touch, DealKeys.of(frozenset(keys)), fields)


def _deals(sql: Sql, connection: int, first: int, last: int, these: str) -> pl.DataFrame:
    query = (
        f"SELECT {', '.join(name for name in KEPT if name != 'gone_at')}, CASE WHEN gone IS NOT NULL THEN gone_at END"
        f" FROM opportunity WHERE connection = ? AND {these} AND first_seen IS NOT NULL"
        " AND (created IS NULL OR created <= ?) AND (gone IS NULL OR gone_at > ?) ORDER BY key"
    )
    frame = sql.frame(query, (connection, last, first), KEPT)
    return frame.with_columns(pl.col("unread").fill_null(""), pl.col("facts").fill_null("{}"))


def _activities(  # noqa: PLR0917 - the parts of one SELECT
    sql: Sql, connection: int, last: int, touch: TouchRule, keys: DealKeys, more: str
) -> pl.DataFrame:
    rows, given = _rows(connection, touch, keys)
    own_users = sorted(touch.own_users)
    counts = COUNTS.format(others=" AND ".join(["created_by <> ?"] * len(own_users)) or "1 = 1")

    flags = (
        "kind = 'meeting'", "kind IN ('task', 'call')", "state = 'open'", "state = 'done' OR kind = 'meeting'", counts,
        "gone IS NOT NULL", "gone = 'vanished'", "possible = 1",
    )  # fmt: skip
    columns = ", ".join(f"CASE WHEN {flag} THEN 1 ELSE 0 END" for flag in flags)
    waits = "CASE WHEN kind IN ('task', 'call') THEN owner_id END"
    query = (
        f"SELECT key, at, due, created, {waits}, direct, {columns}"
        f" FROM ({rows}) a WHERE (created IS NULL OR created <= ?){more}"
    )
    return sql.frame(query, (*own_users, *given, last), ACTIVITIES)
