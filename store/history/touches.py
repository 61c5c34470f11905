"""The touch rule of model/touch_rule.py in SQL: activities reduced to one row a deal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import polars as pl

from model.snapshot import ACTIVITY, INSTANT, TASK_DAYS
from store.sql_parts import deal_filter

if TYPE_CHECKING:
    from model.deal_keys import DealKeys
    from store.sql import Sql

DAY_US: Final = 86_400_000_000
AT_SHIFT: Final = 10**17  # makes every instant 18 digits, so that texts that begin with it sort like it
DUE_SHIFT: Final = 10**6


@dataclass(frozen=True)
class TouchRule:
    """The users whom no touch is counted for, and whether activities on a deal's contacts and account count."""

    own_users: frozenset[str] = frozenset()
    roll_up: Literal["deal", "contacts"] = "deal"


ROW: Final = "key, id, kind, state, at, due, owner_id, created, created_by, bulk, gone"
ON_DEAL: Final = f"SELECT {ROW}, possible, 1 AS direct FROM activity WHERE connection = ? AND {{deals}}"
OPEN_OF: Final = """
    SELECT {who} AS who, count(DISTINCT o.key) AS open_deals FROM {source}
    WHERE o.connection = ? AND o.gone IS NULL AND coalesce(o.is_closed, 0) = 0 GROUP BY {who}"""
ON_CONTACT: Final = (
    f"SELECT d.key AS key, {', '.join('a.' + c for c in ROW.split(', ')[1:])},"
    " CASE WHEN n.open_deals > 1 THEN 1 ELSE a.possible END AS possible, 0 AS direct"
    " FROM activity a JOIN ({deals}) d ON d.who = a.{who} LEFT JOIN ({open}) n ON n.who = a.{who}"
    " WHERE a.connection = ? AND a.key = 0 AND {on_deal}{only}"
)
ROLES: Final = (
    "SELECT DISTINCT key, contact_id AS who FROM contact_role"
    " WHERE connection = ? AND gone IS NULL AND contact_id IS NOT NULL AND key <> 0"
)
ROLES_OPEN: Final = (
    "contact_role r JOIN opportunity o ON o.key = r.key AND r.connection = o.connection AND r.gone IS NULL"
)
ACCOUNTS: Final = "SELECT key, account_id AS who FROM opportunity WHERE connection = ? AND account_id IS NOT NULL"

KNOWN: Final = "(created IS NULL OR created <= {at})"
HELD: Final = "at <= {at} AND (state = 'done' OR kind = 'meeting')"
COUNTS: Final = "state <> 'cancelled' AND coalesce(bulk, 0) = 0 AND (created_by IS NULL OR ({others}))"
"""Of every kind: model/touch_rule.py's HAPPENED names them all."""

TOUCHES: Final = f"""
    SELECT key, max((CAST(at + {AT_SHIFT} AS text) || kind || ' ' || id){{C}}),
      sum(CASE WHEN at > {{month}} THEN 1 ELSE 0 END)
    FROM ({{rows}}) a
    WHERE gone IS NULL AND {KNOWN} AND {HELD} AND coalesce(possible, 0) = 0 AND {COUNTS} GROUP BY key"""
SEEN: Final = f"""
    SELECT key, max(at), max(due) FROM ({{rows}}) a
    WHERE gone IS NULL AND direct = 1 AND {KNOWN} AND (state <> 'open' OR (kind = 'meeting' AND at <= {{at}}))
    GROUP BY key"""
AHEAD: Final = f"""
    SELECT key,
      max(CASE WHEN held = 1 AND gone = 'vanished' AND coalesce(possible, 0) = 0 THEN at END),
      max(CASE WHEN held = 1 AND gone IS NULL AND possible = 1 THEN at END),
      min(CASE WHEN plan = 1 AND kind = 'meeting' AND at > {{at}} THEN at END),
      {{tasks}},
      max(CASE WHEN plan = 1 AND waits = 1 AND due IS NULL THEN 1 ELSE 0 END),
      max(CASE WHEN gone = 'vanished' AND coalesce(possible, 0) = 0 AND (kind = 'meeting' AND at > {{at}}
          OR waits = 1 AND (due IS NULL OR due >= {{yesterday}})) THEN 1 ELSE 0 END)
    FROM (
      SELECT a.*, CASE WHEN {HELD} THEN 1 ELSE 0 END AS held,
        CASE WHEN gone IS NULL AND coalesce(possible, 0) = 0 THEN 1 ELSE 0 END AS plan,
        CASE WHEN kind IN ('task', 'call') AND (state = 'open' OR at > {{at}}) THEN 1 ELSE 0 END AS waits
      FROM ({{rows}}) a
      WHERE (at IS NULL OR at > {{at}} OR state = 'open' OR gone = 'vanished' OR possible = 1)
        AND {KNOWN} AND {COUNTS}
    ) r GROUP BY key"""
TASK_FROM: Final = f"""min(CASE WHEN plan = 1 AND waits = 1 AND due >= {{day}}
          THEN (CAST(due + {DUE_SHIFT} AS text) || coalesce(owner_id, '')){{C}} END)"""

KEY: Final = {"key": pl.Int64()}
LAST: Final = pl.Schema({**KEY, "last": pl.String(), "touches_30d": pl.Int64()})
NEWEST: Final = pl.Schema({**KEY, "seen_at": INSTANT, "seen_due": pl.Date()})
PLANS: Final = pl.Schema({
    **KEY, "vanished_touch": INSTANT, "possible_touch": INSTANT, "next_meeting": INSTANT,
    **{f"task_from_{day}": pl.String() for day in TASK_DAYS}, "undated_task": pl.Boolean(),
    "vanished_plan": pl.Boolean(),
})  # fmt: skip


def activity_frame(sql: Sql, connection: int, as_of: int, rule: TouchRule, keys: DealKeys) -> pl.DataFrame:
    """The `activity` frame of a snapshot: one row for each deal with an activity that was known at `as_of` (µs).

    Three passes, each over few columns, take a quarter of the time of one pass over everything.
    """
    rows, given = _rows(connection, rule, keys)
    others, ids = " AND ".join(["created_by <> ?"] * len(rule.own_users)) or "1 = 1", sorted(rule.own_users)
    days = {day: as_of // DAY_US + distance for day, distance in TASK_DAYS.items()}
    tasks = ", ".join(TASK_FROM.format(day=days[day], C="{C}") for day in TASK_DAYS)

    def read(query: str, schema: pl.Schema, *more: Any) -> pl.DataFrame:
        filled = query.format(
            rows=rows,
            at=as_of,
            month=as_of - 30 * DAY_US,
            others=others,
            tasks=tasks,
            C="{C}",
            yesterday=days["yesterday"],
        )
        return sql.frame(filled, (*given, *more), schema)

    touches, seen, plans = read(TOUCHES, LAST, *ids), read(SEEN, NEWEST), read(AHEAD, PLANS, *ids)
    frame = touches.join(seen, on="key", how="full", coalesce=True).join(plans, on="key", how="full", coalesce=True)
    last = pl.col("last")
    return frame.with_columns(
        (last.str.slice(0, 18).cast(pl.Int64) - AT_SHIFT).cast(INSTANT).alias("last_touch"),
        last.str.slice(18)
        .str.splitn(" ", 2)
        .struct.rename_fields(["last_touch_kind", "last_touch_id"])
        .struct.unnest(),
        *(part for day in TASK_DAYS for part in _task(day)),
        newest_seen=pl.max_horizontal(pl.col("seen_at").dt.date(), "seen_due"),
        touches_30d=pl.col("touches_30d").fill_null(0),
        undated_task=pl.col("undated_task").fill_null(value=False),
        vanished_plan=pl.col("vanished_plan").fill_null(value=False),
    ).select(ACTIVITY.names())


def _task(day: str) -> tuple[pl.Expr, pl.Expr]:
    """Due date and owner out of the text that TASK_FROM made of them."""
    task, digits = pl.col(f"task_from_{day}"), len(str(DUE_SHIFT))
    due = (task.str.slice(0, digits).cast(pl.Int32) - DUE_SHIFT).cast(pl.Date)
    owner = pl.when(task.str.len_bytes() > digits).then(task.str.slice(digits))
    return due.alias(f"task_due_from_{day}"), owner.alias(f"task_owner_id_from_{day}")


def _rows(connection: int, rule: TouchRule, keys: DealKeys) -> tuple[str, list[Any]]:
    """The activities to reduce, each under the key of its deal."""
    deals = replace(keys, first=max(1, keys.first))  # 0 is the key of what stands on no deal
    on_deal, mine = deal_filter(deals, "d.key"), ON_DEAL.format(deals=deal_filter(deals))
    if rule.roll_up == "deal":
        return mine, [connection]
    contacts = ON_CONTACT.format(
        who="contact_id",
        deals=ROLES,
        open=OPEN_OF.format(who="r.contact_id", source=ROLES_OPEN),
        on_deal=on_deal,
        only="",
    )
    accounts = ON_CONTACT.format(
        who="account_id", deals=ACCOUNTS, open=OPEN_OF.format(who="o.account_id", source="opportunity o"),
        on_deal=on_deal, only=" AND a.contact_id IS NULL",
    )  # fmt: skip
    return f"{mine} UNION ALL {contacts} UNION ALL {accounts}", [connection] * 7
