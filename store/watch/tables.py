"""The tables of living processes and of what was done so far."""

from __future__ import annotations

import sqlalchemy as sa

from store.codec import Instant, name
from store.mirror_tables import metadata

process = sa.Table(
    "process", metadata,
    sa.Column("process", name(), primary_key=True),  # host, boot, pid and start
    sa.Column("kind", sa.Text, nullable=False),  # worker or beat
    sa.Column("since", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),  # by the database's clock
)  # fmt: skip

tally = sa.Table(
    "tally", metadata,
    sa.Column("connection", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("figure", name(), primary_key=True),  # runs, run_us or patches
    sa.Column("label", name(), primary_key=True),  # the state of the runs, the outcome of the patches
    sa.Column("total", sa.BigInteger, nullable=False),  # ever: it never falls, whatever is deleted
)  # fmt: skip
