"""The tables that outlive what was removed: the key of pseudonyms, and the marks of what may not come back."""

from __future__ import annotations

import sqlalchemy as sa

from store.codec import Instant, name
from store.mirror_tables import metadata

secret_key = sa.Table(
    "secret_key", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # 1
    sa.Column("key", sa.Text, nullable=False),  # of pseudonyms, in hex digits
)  # fmt: skip

removed_connection = sa.Table(
    "removed_connection", metadata,
    sa.Column("mark", name(), primary_key=True),  # a pseudonym of its name
    sa.Column("at", Instant, nullable=False),
)  # fmt: skip

forgotten = sa.Table(
    "forgotten", metadata,
    sa.Column("connection", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", name(), primary_key=True),  # id, text (anywhere in a value) or whole (a value as a whole)
    sa.Column("mark", name(), primary_key=True),
    sa.Column("first", sa.Text),  # the mark of the first word of a text
    sa.Column("words", sa.Integer, nullable=False),
    sa.Column("pseudonym", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
)  # fmt: skip
