"""The tables of who works when: jobs and their processes, the day's calls, and counts for the metrics."""

from __future__ import annotations

import sqlalchemy as sa

from store.codec import Day, Instant, name
from store.mirror_tables import metadata

calls = sa.Table(
    "calls", metadata,
    sa.Column("connection", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("day", Day, primary_key=True),
    sa.Column("used", sa.BigInteger, nullable=False),  # by us
    sa.Column("allowed", sa.BigInteger),  # the CRM's calls of a day, by its newest reply that says so
    sa.Column("used_by_all", sa.BigInteger),  # of those, what we and others have used by then
)  # fmt: skip

job = sa.Table(
    "job", metadata,
    sa.Column("connection", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", name(), primary_key=True),  # incremental, full, …
    sa.Column("due", Instant, nullable=False),  # the newest occasion
    sa.Column("sent_at", Instant),  # null: it is still to be sent
    sa.Column("not_before", Instant),  # an attempt put it off until then
    sa.Column("until", Instant),  # how long the attempt under way is taken to be alive
    sa.Column("ended_at", Instant),  # null while the occasion is open
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("process", sa.Text),  # of the attempt under way: host, boot, pid and start
    sa.Column("set_aside", sa.Text),  # why nobody works on it any more; stays until an attempt comes through
)  # fmt: skip

process = sa.Table(
    "process", metadata,
    sa.Column("process", name(), primary_key=True),  # host, boot, pid and start
    sa.Column("kind", sa.Text, nullable=False),  # worker or beat
    sa.Column("since", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),  # by the database's clock
)  # fmt: skip

outcome_count = sa.Table(
    "outcome_count", metadata,
    sa.Column("connection", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("outcome", name(), primary_key=True),  # of patches: written, refused, …
    sa.Column("patches", sa.BigInteger, nullable=False),  # ever; a patch that is dropped stays counted
)  # fmt: skip
