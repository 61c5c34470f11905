"""Opening the database: engines made after fork, transactions, connection keys, migrations under a lock."""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from model.errors import SettingsProblem, StoreProblem
from store import mirror_tables
from store.fence import assert_held
from store.pseudonyms import is_removed, shred
from store.sql import Sql
from store.trouble import spoken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from store.fence import Lease

AWAY: Final = (sa.exc.OperationalError, sa.exc.InterfaceError)
"""Raised while the database cannot be reached."""
HEAD: Final = "0073"
"""The newest migration; opening compares with it before Alembic is imported."""
UNREADABLE: Final = "[store] url cannot be read: give sqlite:///FILE or postgresql://USER@HOST/NAME."
ENCODE: Final = (
    "[store] url has an '@' in its user name or password: percent-encode it, so that @ is written %40, and likewise "
    ": as %3A, / as %2F, # as %23, ? as %3F and % as %25."
)
NEWER: Final = (
    "A newer Sluicegate has migrated the store to {found}; this one knows it up to {head}. Install the newer version "
    "here, too."
)
REMOVED: Final = (
    "The connection '{name}' was removed with all its rows. `sluicegate connection resume {name}` lets it begin anew."
)
BATCH: Final = 10_000
"""Rows that one transaction deletes."""
MIGRATION_LOCK: Final = 5_107_205
SECONDS_OF_POSTGRES: Final = "SELECT CAST(floor(extract(epoch FROM now())) AS bigint)"
SECONDS_OF_SQLITE: Final = "SELECT CAST(strftime('%s', 'now') AS integer)"
NO_ANSWER: Final = {"connect_timeout": 10, "keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3}
"""PostgreSQL: after how many seconds a server that is gone without a word is given up. The URL may say otherwise."""
STANDS_STILL: Final = "SET LOCAL idle_in_transaction_session_timeout = '40s'"
"""PostgreSQL ends a write transaction that is idle for as long as a lease, as of a process that is frozen."""
PRAGMAS: Final = (
    "busy_timeout = 30000", "journal_mode = WAL", "synchronous = NORMAL", "temp_store = MEMORY", "cache_size = -32768",
)  # fmt: skip


def normal_url(url: str) -> sa.URL:
    """The URL with our driver; raises ValueError, without any part of a password, for one that cannot be used."""
    try:
        made = make_url(url)
    except (ValueError, sa.exc.ArgumentError):
        raise ValueError(UNREADABLE) from None
    if "@" in (made.host or ""):
        raise ValueError(ENCODE)
    if made.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        return made.set(drivername="postgresql+psycopg")
    if made.drivername in {"sqlite", "sqlite+pysqlite"} and made.database not in {None, "", ":memory:"}:
        return made
    raise ValueError(f"[store] url names {made.drivername}: give sqlite:///FILE or postgresql://USER@HOST/NAME")


def make_engine(url: sa.URL) -> sa.Engine:
    """An engine with explicit transactions: IMMEDIATE for writers, deferred (one snapshot) for readers."""
    if url.get_backend_name() != "sqlite":
        patience = {name: value for name, value in NO_ANSWER.items() if name not in url.query}
        return sa.create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=patience)
    engine = sa.create_engine(url, hide_parameters=True)

    @sa.event.listens_for(engine, "connect")
    def _connected(raw: Any, _record: object) -> None:
        raw.isolation_level = None  # the driver's own BEGIN is too late for a writer
        for pragma in PRAGMAS:
            raw.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begun(tx: sa.Connection) -> None:
        tx.exec_driver_sql("BEGIN IMMEDIATE" if tx.get_execution_options().get("writes") else "BEGIN")

    return engine


class Database:
    """An open database; the engine is made anew in a forked child."""

    def __init__(self, url: str) -> None:
        self._url = normal_url(url)
        self._engine: sa.Engine | None = None
        self._pid = 0
        self._keys: dict[str, int] = {}

    @property
    def engine(self) -> sa.Engine:
        """The engine of the calling process."""
        if self._engine is None or self._pid != os.getpid():
            if self._engine is not None:
                self._engine.dispose(close=False)  # the parent's sockets and files stay open
            self._engine, self._pid = make_engine(self._url), os.getpid()
            sa.event.listen(self._engine, "connect", self._connected)
        return self._engine

    def _connected(self, *_: object) -> None:
        """Forget the keys of connections: the server may have been given another database since."""
        self.forget_keys()

    def close(self) -> None:
        """Close every connection; the next use opens new ones."""
        if self._engine is not None and self._pid == os.getpid():
            self._engine.dispose()
        self._engine = None

    @contextmanager
    def reading(self) -> Iterator[Sql]:
        """A read transaction with one consistent view."""
        options: dict[str, Any] = {}
        if self._url.get_backend_name() == "postgresql":
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with spoken(), self.engine.connect().execution_options(**options) as tx, tx.begin():
            yield Sql(tx)

    @contextmanager
    def writing(self, lease: Lease | None = None) -> Iterator[Sql]:
        """A write transaction; raises ConnectionBusy if `lease` was lost."""
        with self._writing() as sql:
            if sql.postgres:
                sql.run(STANDS_STILL)
            if lease is not None:
                assert_held(sql.tx, lease)
            yield sql

    @contextmanager
    def _writing(self) -> Iterator[Sql]:
        with spoken(), self.engine.connect().execution_options(writes=True) as tx, tx.begin():
            yield Sql(tx)

    def now(self) -> datetime:
        """The database's time in whole seconds. Processes that must agree go by it, whatever their own clocks say."""
        with self.reading() as sql:
            return now_of(sql)

    def delete(self, table: sa.Table, where: str, parameters: Sequence[Any], lease: Lease | None = None) -> int:
        """Delete rows in batches, so that others can write between two of them; returns how many."""
        names, deleted = ", ".join(f'"{column.name}"' for column in table.primary_key), 0
        some = f'SELECT {names} FROM "{table.name}" WHERE {where} LIMIT {BATCH}'
        while True:
            with self.writing(lease) as sql:
                gone = shred(sql).run(f'DELETE FROM "{table.name}" WHERE ({names}) IN ({some})', *parameters)
            deleted += gone
            if gone < BATCH:
                return deleted

    def empty_log(self) -> None:
        """Write SQLite's log into its file and empty it, so that nothing deleted is left in it."""
        if self.engine.dialect.name == "sqlite":
            with closing(self.engine.raw_connection()) as raw:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def connection_key(self, name: str) -> int:
        """The permanent integer key of a connection's name, made on first use; raises SettingsProblem if removed."""
        if name not in self._keys:
            self._keys[name] = self._key_of(name)
        return self._keys[name]

    def forget_keys(self) -> None:
        """Read the keys of connections anew, because another process may have removed one."""
        self._keys = {}

    def _key_of(self, name: str) -> int:
        table = mirror_tables.connection
        query = sa.select(table.c.key).where(table.c.name == name)
        with self.reading() as sql:
            key = sql.tx.execute(query).scalar()
        if key is None:
            with self.writing() as sql:
                if is_removed(sql, name):
                    raise SettingsProblem(REMOVED.format(name=name))
                sql.run("INSERT INTO connection (name) VALUES (?) ON CONFLICT (name) DO NOTHING", name)
                key = sql.tx.execute(query).scalar_one()
        return int(key)

    def upgrade(self) -> None:
        """Migrate the schema to HEAD; concurrent processes take turns. Raises StoreProblem for a newer schema."""
        with self.reading() as sql:
            found = version(sql) if sa.inspect(sql.tx).has_table("alembic_version") else None
        if found == HEAD:
            return
        if found and found > HEAD:
            raise StoreProblem(NEWER.format(found=found, head=HEAD))
        with self._writing() as sql:
            if sql.postgres:
                sql.run("SELECT pg_advisory_xact_lock(?)", MIGRATION_LOCK)
            migrate(sql.tx, "head")

    def downgrade(self, to: str = "base") -> None:
        """Revert migrations; for tests and for an operator who goes back a version."""
        self._keys.clear()
        with self._writing() as sql:
            migrate(sql.tx, to, down=True)


def now_of(sql: Sql) -> datetime:
    """The database's time in whole seconds."""
    return datetime.fromtimestamp(sql.rows(SECONDS_OF_POSTGRES if sql.postgres else SECONDS_OF_SQLITE)[0][0], UTC)


def version(sql: Sql) -> str | None:
    """The migration of the database."""
    return next((str(row[0]) for row in sql.rows("SELECT version_num FROM alembic_version")), None)


def migrate(tx: sa.Connection, to: str, *, down: bool = False) -> None:
    """Run Alembic on an open transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": tx})
    config.set_main_option("script_location", "store:migrations")
    (command.downgrade if down else command.upgrade)(config, to)
