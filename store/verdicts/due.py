"""What a run needs to judge only some deals: when each is due, what it adds to totals, and what changed since.

The last judging counts if every later run ended before it judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
import sqlalchemy as sa

from model.snapshot import INSTANT, columns
from store.codec import instant
from store.sql_parts import deal_filter
from store.verdicts.decisions import run_at
from store.verdicts.due_tables import judging

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from model.deal_keys import DealKeys
    from store.database import Database
    from store.fence import Lease

JUDGED: Final = columns({
    "key": pl.Int64, "due": INSTANT, "is_open": pl.Boolean, "owner_id": pl.String, "touched": pl.Boolean,
    "step": pl.Int64, "broken": pl.Int64, "unknown": pl.Int64, "waived": pl.Int64, "paused": pl.Int64,
})  # fmt: skip
"""A judged deal; `touched` and `step` (a hash of the next step) are of open deals only.

No counts: the deal begins to exist when it is due.
"""
OWNERS: Final = columns({"owner_id": pl.String, "open_deals": pl.Int64, "touched": pl.Int64})
STEPS: Final = columns({"key": pl.Int64, "owner_id": pl.String, "step": pl.Int64})
SHARING: Final = columns({"owner_id": pl.String, "step": pl.Int64, "deals": pl.Int64})
EVENTS: Final = columns({"key": pl.Int64, "at": INSTANT})
NEWEST: Final = 2**62
"""A number above that of every run."""
COUNTED: Final = ("broken", "unknown", "waived", "paused")
DAY_US: Final = 86_400_000_000
MONTH_US: Final = 30 * DAY_US
STAMPS: Final = (
    ("stage_change", "at"), ("field_change", "changed_at"), ("activity", "at"), ("activity", "created"),
    ("contact_role", "created"), ("opportunity", "created"), ("opportunity", "first_edit"),
    ("opportunity", "first_seen"), ("opportunity", "gone_at"),
)  # fmt: skip
"""Table and column of the instants from which a record counts."""
LATER_RUN: Final = (
    "SELECT count(*) FROM run WHERE connection = ? AND id > ? AND id < ?"
    " AND (judged = 1 OR kind NOT IN ('incremental', 'full', 'nudge'))"
)
AFFECTED: Final = (
    "SELECT key FROM judged_deal WHERE connection = ? AND due <= ?"
    " UNION SELECT key FROM touched_deal WHERE connection = ? AND seen_at >= ?"
    " UNION SELECT key FROM push_state WHERE connection = ? AND (refused_at IS NOT NULL OR locked_at IS NOT NULL"
    " OR undone IS NOT NULL OR put_back_at >= ?)"
)
DRIFT: Final = (
    "SELECT policy, count(*) FROM (SELECT policy FROM finding WHERE connection = ? AND began > ? AND began <= ?"
    " UNION ALL SELECT policy FROM finding_past WHERE connection = ?"
    " AND (began > ? AND began <= ? OR ended > ? AND ended <= ?)) f GROUP BY policy"
)


@dataclass(frozen=True)
class LastJudging:
    """The last judging of all or some deals. `inputs`: what concerns all deals, name to digest.

    `changes`: rule → change → at most how many deals it changes against a week before. `quiet`: teams that log too
    little for a verdict on silence.
    """

    run: int
    as_of: datetime
    inputs: Mapping[str, str]
    changes: Mapping[str, Mapping[str, int]]
    quiet: tuple[str, ...]


@dataclass(frozen=True)
class DueDeals:
    """Which deals a run has to judge."""

    database: Database

    def last(self, connection: str, run: int = NEWEST) -> LastJudging | None:
        """The last judging before a run; None if it is unknown or a later run did other work."""
        key = self.database.connection_key(connection)
        query = sa.select(judging).where(judging.c.connection == key)
        with self.database.reading() as sql:
            row = sql.tx.execute(query).one_or_none()
            if row is None or not row.run or sql.rows(LATER_RUN, key, row.run, run)[0][0]:
                return None
        return LastJudging(row.run, row.as_of, row.inputs, row.changes, tuple(row.quiet))

    def begin(self, connection: str, as_of: datetime, lease: Lease | None = None) -> None:
        """Have pages note from now on what they touch."""
        insert = (
            "INSERT INTO judging (connection, run, as_of, inputs, changes, quiet) VALUES (?, 0, ?, '{}', '{}', '[]')"
            " ON CONFLICT (connection) DO NOTHING"
        )
        with self.database.writing(lease) as sql:
            sql.run(insert, self.database.connection_key(connection), instant(as_of))

    def keep_last(self, connection: str, last: LastJudging, lease: Lease | None = None) -> None:
        """Keep the judging of a run that ended, and forget what was touched before it."""
        key = self.database.connection_key(connection)
        values = {
            "connection": key, "run": last.run, "as_of": last.as_of, "inputs": dict(last.inputs),
            "changes": dict(last.changes), "quiet": list(last.quiet),
        }  # fmt: skip
        with self.database.writing(lease) as sql:
            sql.tx.execute(sa.delete(judging).where(judging.c.connection == key))
            sql.tx.execute(sa.insert(judging).values(values))
            sql.run("DELETE FROM touched_deal WHERE connection = ? AND seen_at < ?", key, instant(last.as_of))

    def affected(self, connection: str, last: LastJudging, as_of: datetime, acting: Collection[str]) -> set[int]:
        """Deals that are due, that changed since the last judging, that a push waits for, or with an action.

        `acting`: policies and criteria with actions.
        """
        key, since = self.database.connection_key(connection), instant(last.as_of)
        with self.database.reading() as sql:
            found = sql.rows(AFFECTED, key, instant(as_of), key, since, key, since - 2 * DAY_US)
            if acting:
                condition, given = sql.among("policy", sorted(acting))
                query = f"SELECT key FROM finding WHERE connection = ? AND shown = 1 AND {condition}"
                found += sql.rows(f"{query} UNION SELECT deal_key FROM action WHERE connection = ?", key, given, key)
        return {deal for (deal,) in found}

    def news(self, connection: str, deals: Collection[str], since: datetime) -> bool:
        """Whether one of these deals, given by CRM id, was touched since an instant."""
        key = self.database.connection_key(connection)
        with self.database.reading() as sql:
            keys = [deal for (deal,) in sql.lookup("opportunity", ("key",), key, "id", deals)]
            touched = sql.lookup("touched_deal", ("seen_at",), key, "key", keys)
        return any(at >= instant(since) for (at,) in touched)

    def deals(self, connection: str) -> int:
        """How many deals the connection has, gone ones included."""
        query = "SELECT count(*) FROM opportunity WHERE connection = ? AND first_seen IS NOT NULL"
        with self.database.reading() as sql:
            return int(sql.rows(query, self.database.connection_key(connection))[0][0])

    def judged(self, connection: str, keys: DealKeys) -> pl.DataFrame:
        """JUDGED of some deals, as last kept."""
        names = ", ".join(JUDGED)
        query = f"SELECT {names} FROM judged_deal WHERE connection = ? AND {deal_filter(keys)} ORDER BY key"
        with self.database.reading() as sql:
            return sql.frame(query, (self.database.connection_key(connection),), JUDGED)

    def by_owner(self, connection: str) -> pl.DataFrame:
        """OWNERS: how many open deals each owner has, and how many of them were touched in 30 days."""
        query = (
            "SELECT owner_id, count(*), sum(touched) FROM judged_deal"
            " WHERE connection = ? AND owner_id IS NOT NULL AND touched IS NOT NULL GROUP BY owner_id"
        )
        with self.database.reading() as sql:
            return sql.frame(query, (self.database.connection_key(connection),), OWNERS)

    def owned(self, connection: str, owners: Collection[str]) -> pl.DataFrame:
        """STEPS of the deals of some owners."""
        return self._steps(connection, "key, owner_id, step", owners, "", STEPS)

    def holders(self, connection: str, owners: Collection[str], steps: Collection[int]) -> pl.DataFrame:
        """STEPS of the open deals of some owners that have one of these next steps."""
        return self._steps(connection, "key, owner_id, step", owners, "", STEPS, steps)

    def sharing(self, connection: str, owners: Collection[str], steps: Collection[int]) -> pl.DataFrame:
        """SHARING: how many open deals of each of these owners have each of these next steps."""
        return self._steps(connection, "owner_id, step, count(*)", owners, " GROUP BY owner_id, step", SHARING, steps)

    def _steps(  # noqa: PLR0917 - the parts of one SELECT
        self, connection: str, names: str, owners: Collection[str], more: str, schema: pl.Schema,
        steps: Collection[int] | None = None,
    ) -> pl.DataFrame:  # fmt: skip
        with self.database.reading() as sql:
            (of_owners, owned), (with_step, held) = sql.among("owner_id", owners), sql.among("step", steps or ())
            query = f"SELECT {names} FROM judged_deal WHERE connection = ? AND {of_owners}"
            given = (self.database.connection_key(connection), owned)
            if steps is None:
                return sql.frame(query + more, given, schema)
            return sql.frame(f"{query} AND {with_step}{more}", (*given, held), schema)

    def events(self, connection: str, as_of: datetime, keys: DealKeys) -> pl.DataFrame:
        """EVENTS: the first instant after `as_of` at which a record of the deal begins to count, or ends to be new."""
        key, now, deals = self.database.connection_key(connection), instant(as_of), deal_filter(keys)
        begins = [
            f"SELECT key, {column} AS at FROM {table} WHERE connection = ? AND {deals} AND {column} > {now}"
            for table, column in STAMPS
        ]
        ends = (
            f"SELECT key, at + {MONTH_US} AS at FROM activity WHERE connection = ? AND {deals}"
            f" AND at > {now - MONTH_US} AND at <= {now}"
        )
        query = f"SELECT key, min(at) FROM ({' UNION ALL '.join([*begins, ends])}) e GROUP BY key"
        with self.database.reading() as sql:
            return sql.frame(query, (key,) * (len(STAMPS) + 1), EVENTS)

    def keep(self, connection: str, keys: DealKeys, rows: pl.DataFrame, lease: Lease | None = None) -> None:
        """Replace JUDGED of some deals. Only rows that differ are written."""
        key, old = self.database.connection_key(connection), self.judged(connection, keys)
        rows = rows.select(JUDGED.names()).cast(JUDGED)
        changed = rows.join(old, on=JUDGED.names(), how="anti", nulls_equal=True)
        gone = old.join(rows, on="key", how="anti")["key"]
        names = ("connection", *JUDGED)
        with self.database.writing(lease) as sql:
            sql.many("DELETE FROM judged_deal WHERE connection = ? AND key = ?", [(key, deal) for deal in gone])
            plain = changed.with_columns(pl.col("due").to_physical(), pl.col("is_open", "touched").cast(pl.Int64))
            sql.upsert("judged_deal", names, [(key, *row) for row in plain.iter_rows()], names[:2])

    def totals(self, connection: str) -> dict[str, int]:
        """Of all judged deals: deals, open_deals, and the sums of COUNTED."""
        sums = ", ".join(f"coalesce(sum({name}), 0)" for name in COUNTED)
        query = f"SELECT count(broken), coalesce(sum(is_open), 0), {sums} FROM judged_deal WHERE connection = ?"
        with self.database.reading() as sql:
            row = sql.rows(query, self.database.connection_key(connection))[0]
        return dict(zip(("deals", "open_deals", *COUNTED), map(int, row), strict=True))

    def drift(self, connection: str, since: datetime, until: datetime) -> dict[str, int]:
        """By policy, how many findings differ at most between the verdicts in force at two instants."""
        key = self.database.connection_key(connection)
        with self.database.reading() as sql:
            first, last = (run_at(sql, key, at) or 0 for at in (since, until))
            if first == last:
                return {}
            return dict(sql.rows(DRIFT, key, first, last, key, first, last, first, last))
