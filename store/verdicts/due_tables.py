"""The tables by which a run judges only what may have changed since the last one."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from store.codec import Instant, Json, YesNo, name
from store.mirror_tables import metadata


def _deal() -> list[sa.Column[int]]:
    """The key of a row about one deal."""
    return [
        sa.Column("connection", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),
    ]


judged_deal: Final = sa.Table(
    "judged_deal", metadata,
    *_deal(),
    sa.Column("due", Instant, nullable=False),  # the next instant at which an answer may change without a new record
    sa.Column("is_open", YesNo),
    sa.Column("owner_id", name()),
    sa.Column("touched", YesNo),  # whether an open deal was touched in 30 days
    sa.Column("step", sa.BigInteger),  # of an open deal with an owner: a hash of its next step
    sa.Column("broken", sa.Integer),  # null: the deal begins to exist when it is due
    sa.Column("unknown", sa.Integer),
    sa.Column("waived", sa.Integer),
    sa.Column("paused", sa.Integer),
    sa.Index("judged_deal_due", "connection", "due"),
    sa.Index("judged_deal_owner", "connection", "owner_id", "step", "touched"),
    sqlite_with_rowid=False,
)  # fmt: skip

touched_deal: Final = sa.Table(
    "touched_deal", metadata,
    *_deal(),
    sa.Column("seen_at", Instant, nullable=False),  # when a page last changed something of the deal
    sqlite_with_rowid=False,
)  # fmt: skip

judging: Final = sa.Table(
    "judging", metadata,
    sa.Column("connection", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("run", sa.BigInteger, nullable=False),
    sa.Column("as_of", Instant, nullable=False),
    sa.Column("inputs", Json, nullable=False),  # what concerns all deals: name to digest
    sa.Column("changes", Json, nullable=False),  # rule to change to at most how many deals, against a week before
    sa.Column("quiet", Json, nullable=False),  # teams that log too little
)  # fmt: skip
