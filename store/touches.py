"""The touch rule of model/activity.py in SQL: activities reduced to one row a deal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import polars as pl

from model.activity import HAPPENED
from model.snapshot import ACTIVITY, INSTANT, TASK_DAYS

if TYPE_CHECKING:
    from store.sql import Sql

DAY_US: Final = 86_400_000_000
AT_SHIFT: Final = 10**17  # makes every instant 18 digits, so that texts that begin with it sort like it
DUE_SHIFT: Final = 10**6


@dataclass(frozen=True)
class TouchRule:
    """Whose activities never count, and whether those on a deal's contacts and account do."""

    ours: frozenset[str] = frozenset()
    roll_up: Literal["deal", "contacts"] = "deal"


ROW: Final = "key, id, kind, state, at, due, owner_id, created, created_by, bulk, gone"
ON_DEAL: Final = f"SELECT {ROW}, possible, 1 AS direct FROM activity WHERE connection = ? AND key BETWEEN ? AND ?"
OPEN_OF: Final = """
    SELECT {who} AS who, count(DISTINCT o.key) AS open_deals FROM {source}
    WHERE o.connection = ? AND o.gone IS NULL AND coalesce(o.is_closed, 0) = 0 GROUP BY {who}"""
ON_CONTACT: Final = (
    f"SELECT d.key AS key, {', '.join('a.' + c for c in ROW.split(', ')[1:])},"
    " CASE WHEN n.open_deals > 1 THEN 1 ELSE a.possible END AS possible, 0 AS direct"
    " FROM activity a JOIN ({deals}) d ON d.who = a.{who} LEFT JOIN ({open}) n ON n.who = a.{who}"
    " WHERE a.connection = ? AND a.key = 0 AND d.key BETWEEN ? AND ?{only}"
)
ROLES: Final = (
    "SELECT DISTINCT key, contact_id AS who FROM contact_role"
    " WHERE connection = ? AND gone IS NULL AND contact_id IS NOT NULL AND key <> 0"
)
ROLES_OPEN: Final = (
    "contact_role r JOIN opportunity o ON o.key = r.key AND r.connection = o.connection AND r.gone IS NULL"
)
ACCOUNTS: Final = "SELECT key, account_id AS who FROM opportunity WHERE connection = ? AND account_id IS NOT NULL"

FLAGS: Final = """
    SELECT a.*,
      CASE WHEN (created IS NULL OR created <= ?) THEN 1 ELSE 0 END AS known,
      CASE WHEN (created_by IS NULL OR NOT ({ours})) AND coalesce(bulk, 0) = 0 AND state <> 'cancelled'
           THEN 1 ELSE 0 END AS counts,
      CASE WHEN kind IN ({happened}) AND at <= ? AND (state = 'done' OR kind = 'meeting') THEN 1 ELSE 0 END AS happened,
      CASE WHEN kind = 'meeting' AND at > ? THEN 1 ELSE 0 END AS meets,
      CASE WHEN kind <> 'meeting' AND (state = 'open' OR (state = 'done' AND kind IN ('task', 'call') AND at > ?))
           THEN 1 ELSE 0 END AS waits
    FROM ({rows}) a"""
KINDS: Final = """
    SELECT f.*,
      CASE WHEN counts = 1 AND happened = 1 AND gone IS NULL AND coalesce(possible, 0) = 0 THEN 1 ELSE 0 END AS touch,
      CASE WHEN counts = 1 AND gone IS NULL AND coalesce(possible, 0) = 0 THEN 1 ELSE 0 END AS plan
    FROM ({flags}) f WHERE known = 1"""
REDUCED: Final = """
    SELECT key,
      max(CASE WHEN touch = 1 THEN CAST(at + {at_shift} AS text) || kind || ' ' || id END{C}) AS last,
      sum(CASE WHEN touch = 1 AND at > ? THEN 1 ELSE 0 END) AS touches_30d,
      max(CASE WHEN gone IS NULL AND direct = 1 AND (state <> 'open' OR happened = 1)
          THEN CASE WHEN at IS NULL OR due > at / {day} THEN due ELSE at / {day} END END) AS newest_seen,
      max(CASE WHEN counts = 1 AND happened = 1 AND gone = 'vanished' AND coalesce(possible, 0) = 0 THEN at END),
      max(CASE WHEN counts = 1 AND happened = 1 AND gone IS NULL AND possible = 1 THEN at END),
      min(CASE WHEN plan = 1 AND meets = 1 THEN at END) AS next_meeting,
      {tasks},
      max(CASE WHEN plan = 1 AND waits = 1 AND due IS NULL THEN 1 ELSE 0 END) AS undated_task
    FROM ({kinds}) k GROUP BY key"""
TASK_FROM: Final = """min(CASE WHEN plan = 1 AND waits = 1 AND due >= ?
          THEN CAST(due + {due_shift} AS text) || coalesce(owner_id, '') END{C}) AS task_from_{day}"""
PRIMITIVE: Final = pl.Schema({
    "key": pl.Int64(), "last": pl.String(), "touches_30d": pl.Int64(), "newest_seen": pl.Date(),
    "vanished_touch": INSTANT, "possible_touch": INSTANT, "next_meeting": INSTANT,
    **{f"task_from_{day}": pl.String() for day in TASK_DAYS}, "undated_task": pl.Boolean(),
})  # fmt: skip


def activity_frame(sql: Sql, connection: int, as_of: int, rule: TouchRule, keys: tuple[int, int]) -> pl.DataFrame:
    """The `activity` frame of a snapshot: one row a deal that has any activity known at `as_of` (µs)."""
    rows, given = _rows(connection, rule, keys)
    ours, ids = sql.among("created_by", sorted(rule.ours))
    flags = FLAGS.format(ours=ours, happened=", ".join(f"'{kind}'" for kind in HAPPENED), rows=rows)
    kinds = KINDS.format(flags=flags)
    tasks = ", ".join(TASK_FROM.format(day=day, due_shift=DUE_SHIFT, C="{C}") for day in TASK_DAYS)
    reduced = REDUCED.format(kinds=kinds, tasks=tasks, at_shift=AT_SHIFT, day=DAY_US, C="{C}")
    days = [as_of // DAY_US + distance for distance in TASK_DAYS.values()]
    marks = [as_of - 30 * DAY_US, *days, as_of, ids, as_of, as_of, as_of, *given]
    frame = sql.frame(reduced, marks, PRIMITIVE)
    last = pl.col("last")
    return frame.with_columns(
        (last.str.slice(0, 18).cast(pl.Int64) - AT_SHIFT).cast(INSTANT).alias("last_touch"),
        last.str.slice(18)
        .str.splitn(" ", 2)
        .struct.rename_fields(["last_touch_kind", "last_touch_id"])
        .struct.unnest(),
        *(part for day in TASK_DAYS for part in _task(day)),
    ).select(ACTIVITY.names())


def _task(day: str) -> tuple[pl.Expr, pl.Expr]:
    """Due date and owner out of the text that TASK_FROM made of them."""
    task, digits = pl.col(f"task_from_{day}"), len(str(DUE_SHIFT))
    due = (task.str.slice(0, digits).cast(pl.Int32) - DUE_SHIFT).cast(pl.Date)
    owner = pl.when(task.str.len_bytes() > digits).then(task.str.slice(digits))
    return due.alias(f"task_due_from_{day}"), owner.alias(f"task_owner_id_from_{day}")


def _rows(connection: int, rule: TouchRule, keys: tuple[int, int]) -> tuple[str, list[Any]]:
    """The activities to reduce, each under the key of its deal."""
    low, high = max(1, keys[0]), keys[1]
    if rule.roll_up == "deal":
        return ON_DEAL, [connection, low, high]
    contacts = ON_CONTACT.format(
        who="contact_id", deals=ROLES, open=OPEN_OF.format(who="r.contact_id", source=ROLES_OPEN), only=""
    )
    accounts = ON_CONTACT.format(
        who="account_id", deals=ACCOUNTS, open=OPEN_OF.format(who="o.account_id", source="opportunity o"),
        only=" AND a.contact_id IS NULL",
    )  # fmt: skip
    both = [connection, connection, connection, low, high]
    return f"{ON_DEAL} UNION ALL {contacts} UNION ALL {accounts}", [connection, low, high, *both, *both]
