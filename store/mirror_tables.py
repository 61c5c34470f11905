"""The tables of the mirror, made from the canonical records. Work tables are in store/work_tables.py.

Rows of a deal are clustered by the deal's integer key (SQLite: WITHOUT ROWID), so that snapshots and slices read
sequentially. Key 0 means that the row belongs to no deal.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from model.records import COLUMNS
from store.codec import COLUMN_TYPE, Instant, Json, Packed, YesNo, name

metadata: Final = sa.MetaData()
BIG: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite counts up plain INTEGER keys only

"""The range of every deal's key."""
ORDER: Final = {"stage_change": "at", "field_change": "changed_at"}
"""The column that orders a history table by time."""
CHILDREN: Final = ("stage_change", "field_change", "activity", "contact_role")
LISTS: Final = ("owner", "account", "crm_stage", "rate")
PARENT_ID: Final = {"lead_activity": "lead_id"}
"""The column with the parent's id, for tables without the parent's key."""
STORED: Final = {
    table: tuple(c for c in columns if c != "opportunity_id") for table, columns in COLUMNS.items()
}  # children carry the deal's key in place of its id
"""The columns of a record that its table stores."""


def columns(table: str) -> list[sa.Column[object]]:
    """The columns of a record without its id and its order."""
    types = COLUMNS[table] | ({"unread": "text"} if table in {"opportunity", "lead"} else {})  # ";a;b;", as one text
    return [sa.Column(c, COLUMN_TYPE[types[c]]()) for c in STORED[table] if c != "id" and c != ORDER.get(table)]


connection = sa.Table(
    "connection", metadata,
    sa.Column("key", sa.Integer, primary_key=True),
    sa.Column("name", name(), nullable=False, unique=True),
    sa.Column("paused", sa.Text),  # the reason, or null
    sa.Column("paused_at", Instant),
    sa.Column("description", Packed),  # the connector's last description
)  # fmt: skip


def _followed(table: str) -> sa.Table:
    """A table with change history; each record has its own key."""
    return sa.Table(
        table, metadata,
        sa.Column("key", BIG, primary_key=True),
        sa.Column("connection", sa.Integer, nullable=False),
        sa.Column("id", name(), nullable=False),
        *columns(table),
        sa.Column("first_seen", Instant),  # null: a child mentions the record, but it was not read yet
        sa.Column("first_edit", Instant),  # the last edit when it was first read
        sa.Column("seen_at", Instant),
        sa.Column("gone_at", Instant),
        sa.UniqueConstraint("connection", "id", name=f"{table}_id"),
    )  # fmt: skip


opportunity = _followed("opportunity")
lead = _followed("lead")


def _child(table: str, *more: sa.Column[object]) -> sa.Table:
    """A table of rows that belong to deals, clustered by the deal."""
    at = [sa.Column(ORDER[table], Instant, primary_key=True)] if table in ORDER else []
    return sa.Table(
        table, metadata,
        sa.Column("connection", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),
        *at,
        sa.Column("id", name(), primary_key=True),
        *columns(table), *more,
        sa.UniqueConstraint("connection", "id", name=f"{table}_id"),
        sqlite_with_rowid=False,
    )  # fmt: skip


stage_change = _child("stage_change")
field_change = _child("field_change", sa.Column("after_edit", Instant))  # our own rows: later than this edit
activity = _child("activity")
contact_role = _child("contact_role")

lead_change = sa.Table(
    "lead_change", metadata,
    sa.Column("connection", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),  # the lead's
    sa.Column("changed_at", Instant, primary_key=True),
    sa.Column("id", name(), primary_key=True),
    sa.Column("field", name()),
    sa.Column("before", Json),
    sa.Column("after", Json),
    sa.Column("seen_at", Instant),
    sa.Column("after_edit", Instant),
    sa.UniqueConstraint("connection", "id", name="lead_change_id"),
)  # fmt: skip

lead_activity = sa.Table(
    "lead_activity", metadata,
    sa.Column("connection", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("id", name(), primary_key=True),
    *columns("lead_activity"),
    sa.Index("lead_activity_lead", "connection", "lead_id"),
)  # fmt: skip

for _list in LISTS:
    sa.Table(
        _list, metadata,
        sa.Column("connection", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", name(), primary_key=True),
        *columns(_list),
    )  # fmt: skip

aside = sa.Table(
    "aside", metadata,
    sa.Column("connection", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("table_name", name(), primary_key=True),
    sa.Column("id", name(), primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("run", sa.BigInteger),
    sa.Column("seen_at", Instant, nullable=False),
)  # fmt: skip

cursor = sa.Table(
    "cursor", metadata,
    sa.Column("connection", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("stream", name(), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
)  # fmt: skip

feed = sa.Table(
    "feed", metadata,
    sa.Column("connection", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", name(), primary_key=True),
    sa.Column("read_at", Instant, nullable=False),
)  # fmt: skip

lease = sa.Table(
    "lease", metadata,
    sa.Column("connection", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("fence", sa.BigInteger, nullable=False),  # grows by one with every holder
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("process", sa.Text, nullable=False),  # host, boot, pid and start of the process
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("held", YesNo, nullable=False),
)  # fmt: skip

calls = sa.Table(
    "calls", metadata,
    sa.Column("connection", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("hour", sa.Integer, primary_key=True, autoincrement=False),  # since 1970
    sa.Column("step", name(), primary_key=True),
    sa.Column("used", sa.BigInteger, nullable=False),
)  # fmt: skip

crm_limits = sa.Table(
    "crm_limits", metadata,
    sa.Column("connection", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("used", sa.BigInteger),  # the CRM's calls of the day, by all programs
    sa.Column("allowed", sa.BigInteger),
    sa.Column("windows", Json, nullable=False),
)  # fmt: skip

share = sa.Table(
    "share", metadata,
    sa.Column("id", BIG, primary_key=True),
    sa.Column("connection", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),  # the connector's own words for a part of a first load
    sa.Column("stream", sa.Text, nullable=False),
    sa.Column("ended", sa.Text, nullable=False),  # the stream's cursor once all its shares were read
    sa.Column("after", sa.Text, nullable=False),  # up to where it was read
    sa.Column("state", name(), nullable=False),  # ready, reading, done
    sa.Column("not_before", Instant),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("claimed_at", Instant),
    sa.Column("process", sa.Text),  # of a worker that joined the run and reads it
    sa.Column("until", Instant),  # when the right of that worker lapses; null for the run's own process
    sa.Column("calls", sa.Integer),  # what that worker called
    sa.Column("records", sa.BigInteger, nullable=False),  # what was read of it so far
    sa.Index("share_state", "connection", "state", "id"),
)  # fmt: skip
