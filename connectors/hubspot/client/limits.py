"""HubSpot's rate limits, kept by all our processes together: ten seconds a window and app, searches a portal.

The buckets are pyrate-limiter's. A file (SQLite) or Redis holds them where several processes call one portal.
"""

from __future__ import annotations

import hashlib
import sqlite3
from typing import TYPE_CHECKING, Final

from pyrate_limiter import AbstractBucket, InMemoryBucket, Rate, RateItem, RedisBucket, SQLiteBucket, SQLiteQueries
from redis import Redis, RedisError

from connectors.shared.retries import CAP
from model.errors import RetryLater

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from types import TracebackType

SEARCHES: Final = Rate(4, 1000)
"""HubSpot allows five a second to all apps of a portal together; one is left to the others."""
FIRST_WINDOW: Final = Rate(95, 10_000)
"""Until a reply says what the app may: the smallest tier, less one in twenty."""
_SPARE: Final = 20
_TIDY: Final = 500
_BUSY: Final = 30.0


class Gate:
    """One limit. `enter` waits for its turn; a wait beyond the cap is left to the caller as RetryLater."""

    def __init__(
        self, bucket: AbstractBucket, name: str, clock: Callable[[], datetime], sleep: Callable[[float], None]
    ) -> None:
        self._bucket, self._name, self._clock, self._sleep = bucket, name, clock, sleep
        self._last, self._entered = 0, 0

    def allow(self, most: int, milliseconds: int) -> None:
        """What HubSpot's headers say; one in twenty is spared, since its window and ours begin apart."""
        rate = Rate(max(1, most - -(-most // _SPARE)), milliseconds)
        held = self._bucket.rates[0]
        if (rate.limit, rate.interval) != (held.limit, held.interval):
            self._bucket.rates = [rate]

    def enter(self) -> None:
        """Take one place; raises RetryLater where none is free within the cap."""
        at = max(int(self._clock().timestamp() * 1000), self._last)
        waited = 0.0
        while wait := self._missing(at):
            waited += wait / 1000
            if waited > CAP:
                raise RetryLater(f"Too many calls wait for HubSpot's limit ({self._name}).", waited)
            self._sleep(wait / 1000)
            at = max(int(self._clock().timestamp() * 1000), at + wait)
        self._last = at

    def _missing(self, at: int) -> int:
        """Milliseconds until a place is free; 0 where it was taken."""
        item = RateItem(self._name, at)
        try:
            if self._bucket.put(item):
                self._tidy(at)
                return 0
            wait = self._bucket.waiting(item)
        except (sqlite3.Error, RedisError) as error:
            raise RetryLater(f"The shared rate limits cannot be read: {error}.") from None
        return max(1, int(wait)) + 1  # type: ignore[arg-type]

    def _tidy(self, at: int) -> None:
        self._entered += 1
        if self._entered % _TIDY == 0:
            self._bucket.leak(at)


def app_key(secrets: Iterable[str]) -> str:
    """The name of an app's window, the same in every process that calls with these secrets, and none of them."""
    return "app_" + hashlib.sha256("\n".join(secrets).encode()).hexdigest()[:16]


def portal_key(portal: str) -> str:
    """The name of a portal's limit of searches, shared by all our apps there."""
    return "search_" + "".join(letter for letter in portal if letter.isalnum())


def bucket(where: str | None, key: str, rate: Rate) -> AbstractBucket:
    """The bucket `key` at `where`: a file, a Redis address, or None for this process alone."""
    if not where:
        return InMemoryBucket([rate])
    if "://" in where:
        return _redis(where, key, rate)
    return _file(where, key, rate)


def _redis(url: str, key: str, rate: Rate) -> AbstractBucket:
    try:
        made = RedisBucket.init([rate], Redis.from_url(url), f"sluicegate:{key}")
    except RedisError as error:
        raise RetryLater(f"The shared rate limits in Redis cannot be reached: {type(error).__name__}.") from None
    if not isinstance(made, AbstractBucket):
        raise TypeError("a plain Redis client gives no coroutine")
    return made


def _file(path: str, key: str, rate: Rate) -> AbstractBucket:
    table = f"limit_{key}"
    try:
        file = sqlite3.connect(path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
        file.execute("PRAGMA journal_mode = PERSIST")  # not WAL: several processes cannot switch to it at once
        file.execute("PRAGMA synchronous = OFF")
        index = SQLiteQueries.CREATE_INDEX_ON_TIMESTAMP.format(index_name=f"by_time_{table}", table_name=table)
        with _Alone(file):
            file.execute(SQLiteQueries.CREATE_BUCKET_TABLE.format(table=table))
            file.execute(index)
    except sqlite3.Error as error:
        raise RetryLater(f"The shared rate limits in {path} cannot be read: {error}.") from None
    return SQLiteBucket([rate], file, table, lock=_Alone(file))


class _Alone:
    """A write transaction as a lock between processes: what is counted inside is still true when it is written."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file

    def __enter__(self) -> None:
        self._file.execute("BEGIN IMMEDIATE")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file.in_transaction:
            self._file.execute("ROLLBACK" if kind else "COMMIT")
