"""HubSpot's rate limits, kept by all our processes together: ten seconds a window and app, searches a portal.

The buckets are pyrate-limiter's. A file (its SQLite bucket behind a file lock) or Redis holds them where several
processes call one portal.
"""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pyrate_limiter import AbstractBucket, InMemoryBucket, Rate, RateItem, RedisBucket, SQLiteBucket
from pyrate_limiter.buckets.redis_bucket import LuaScript
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, NoScriptError
from redis.retry import Retry

from connectors.shared.client.retries import CAP, Transient
from model.errors import RetryLater, SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

SEARCHES: Final = Rate(4, 1000)
"""HubSpot allows five a second to all apps of a portal together; one is left to the others."""
FIRST_WINDOW: Final = Rate(95, 10_000)
"""The limit until a reply gives the real one: the smallest tier, less one in twenty."""
_SPARE: Final = 20
_SCRIPT: Final = hashlib.sha1(LuaScript.PUT_ITEM.encode()).hexdigest()  # noqa: S324 - the name Redis gives a script
_SECONDS: Final = 10
_FOR_A_PERSON: Final = (AuthenticationError, NoPermissionError, FileNotFoundError, PermissionError)
"""Errors that no second try mends."""
_TIDY: Final = 500


class Gate:
    """One limit. `enter` waits for its turn; a wait beyond the cap is left to the caller as RetryLater."""

    def __init__(
        self, bucket: AbstractBucket, name: str, clock: Callable[[], datetime], sleep: Callable[[float], None]
    ) -> None:
        self._bucket, self._name, self._clock, self._sleep = bucket, name, clock, sleep
        self._last, self._entered = 0, 0

    def allow(self, most: int, milliseconds: int) -> None:
        """Use the limit in HubSpot's headers, less one in twenty, because its window starts at another time."""
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
        with _errors():
            if self._bucket.put(item):
                self._tidy(at)
                return 0
            wait = self._bucket.waiting(item)
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


class _Scripted(RedisBucket):
    """Gives Redis its script where Redis does not know it: at first, and again after each restart of the server."""

    def put(self, item: RateItem) -> Any:
        """Take a place; false where none is free."""
        try:
            return super().put(item)
        except NoScriptError:
            self.redis.script_load(LuaScript.PUT_ITEM)
            return super().put(item)


def _redis(url: str, key: str, rate: Rate) -> AbstractBucket:
    once_more = Retry(NoBackoff(), 1)  # the client of the CRM waits, and tries again
    client = Redis.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS, retry=once_more)
    return _Scripted([rate], client, f"sluicegate:{key}", _SCRIPT)


def _file(path: str, key: str, rate: Rate) -> AbstractBucket:
    with _errors(f" in {path}"):
        if not Path(path).parent.is_dir():  # the file lock would make it
            raise FileNotFoundError(f"there is no folder {Path(path).parent}")
        return SQLiteBucket.init_from_file([rate], table=f"limit_{key}", db_path=path, use_file_lock=True)


@contextmanager
def _errors(place: str = "") -> Iterator[None]:
    """Raise Transient for an error of a bucket's storage, SettingsProblem where a person has to mend it.

    Each storage has classes of its own.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001
        text = f"The shared rate limits{place} cannot be read: {error}."
        if isinstance(error, _FOR_A_PERSON) or type(error) is sqlite3.DatabaseError:  # the file is no database
            raise SettingsProblem(text) from None
        raise Transient(text) from None
