"""How a store does, for an operator: where it is, how far it is migrated, whether it can be written, and its disk."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from store.codec import instant
from store.database import HEAD, Database, now_of, version
from store.fence import this_process

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


TRIED: Final = 1 << 18
"""Bytes that are written for a try: more than free pages of the file may hold."""


@dataclass(frozen=True)
class Health:
    """What a look at a store finds; the store is left as it is.

    `migration` is None where it has no tables yet. `free`: bytes left on its disk, None where only the server knows.
    """

    place: str
    migration: str | None
    free: int | None = None

    @property
    def newest(self) -> str:
        """The migration that this version knows."""
        return HEAD


def look(url: str, disk: Callable[[Path], Any] = shutil.disk_usage) -> Health:
    """Look at a store without making or migrating it. Raises as a database does; see store/trouble.py."""
    database = Database(url)
    place, path = place_of(database.engine.url), file_of(database.engine.url)
    free = disk(path.parent).free if path and path.parent.is_dir() else None
    if path and not path.exists():
        return Health(place, None, free)
    try:
        with database.reading() as sql:
            has_tables = sa.inspect(sql.tx).has_table("alembic_version")
            return Health(place, version(sql) if has_tables else None, free)
    finally:
        database.close()


def try_write(database: Database) -> None:
    """Write a long row and take it away again, so that a full or read-only disk is found. Raises StoreProblem."""
    me = f"doctor {this_process()}"
    with database.writing() as sql:
        at = instant(now_of(sql))
        values = (me, " " * TRIED, at, at)
        sql.run("INSERT INTO process (process, kind, since, seen_at) VALUES (?, ?, ?, ?)", *values)
        sql.run("DELETE FROM process WHERE process = ?", me)


def free_bytes(database: Database, disk: Callable[[Path], Any] = shutil.disk_usage) -> int | None:
    """Bytes left on the disk of a SQLite store; None for PostgreSQL, whose server alone knows."""
    path = file_of(database.engine.url)
    return int(disk(path.parent).free) if path else None


def place_of(url: sa.URL) -> str:
    """Where a store is, in words, without user and password."""
    if url.get_backend_name() == "sqlite":
        return f"SQLite at {url.database}"
    port = f":{url.port}" if url.port else ""
    return f"PostgreSQL at {url.host or 'a local socket'}{port}, database {url.database}"


def file_of(url: sa.URL) -> Path | None:
    """The file of a SQLite store."""
    return Path(str(url.database)).absolute() if url.get_backend_name() == "sqlite" else None
