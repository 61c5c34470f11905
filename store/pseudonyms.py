"""Keyed pseudonyms, and the tables that outlive what was removed: the key, and the marks of what may not come back.

The key is 32 random bytes in the table `secret_key`, made on first use. Whoever has the store has the key, so a
pseudonym hides a person from readers of reports and logs, and not from the holder of the store.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from store.codec import Instant, instant, name
from store.mirror_tables import metadata

if TYPE_CHECKING:
    from datetime import datetime

    from store.sql import Sql

DIGITS: Final = 20

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


def mark(key: bytes, *parts: str) -> str:
    """A keyed hash of these texts, in hex digits."""
    return hmac.digest(key, "\x1f".join(parts).encode("utf-8", "replace"), "sha256").hex()[:DIGITS]


def key_of(sql: Sql) -> bytes | None:
    """The key of the store; None before its first use."""
    return next((bytes.fromhex(text) for (text,) in sql.rows(f"SELECT key FROM {secret_key.name}")), None)


def made_key(sql: Sql) -> bytes:
    """The key of the store, made on first use. Needs a write transaction."""
    sql.run("INSERT INTO secret_key (id, key) VALUES (1, ?) ON CONFLICT (id) DO NOTHING", secrets.token_hex(32))
    return key_of(sql) or b""


def is_removed(sql: Sql, connection: str) -> bool:
    """Whether a connection of this name was removed and may not begin anew."""
    key = key_of(sql)
    query = f"SELECT 1 FROM {removed_connection.name} WHERE mark = ?"
    return key is not None and bool(sql.rows(query, mark(key, "connection", connection)))


def note_removed(sql: Sql, connection: str, at: datetime) -> None:
    """Keep a pseudonym of the name, so that a worker with older settings does not read everything again."""
    row = (mark(made_key(sql), "connection", connection), instant(at))
    sql.upsert("removed_connection", ("mark", "at"), [row], ("mark",))


def forget_removed(sql: Sql, connection: str) -> None:
    """Let a connection of this name begin anew."""
    if key := key_of(sql):
        sql.run("DELETE FROM removed_connection WHERE mark = ?", mark(key, "connection", connection))


def shred(sql: Sql) -> Sql:
    """Have SQLite overwrite what it deletes. PostgreSQL does so when it vacuums."""
    if not sql.postgres:
        sql.rows("PRAGMA secure_delete = ON")
    return sql
