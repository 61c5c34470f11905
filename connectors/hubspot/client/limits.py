"""HubSpot's rate limits, kept by all our processes together: ten seconds a window and app, searches a portal.

The buckets are pyrate-limiter's. A file (its SQLite bucket behind a file lock) or Redis holds them where several
processes call one portal.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pyrate_limiter import AbstractBucket, InMemoryBucket, Rate, RateItem, RedisBucket, SQLiteBucket
from redis import Redis, RedisError

from connectors.shared.client.retries import CAP
from model.errors import RetryLater

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

SEARCHES: Final = Rate(4, 1000)
"""HubSpot allows five a second to all apps of a portal together; one is left to the others."""
FIRST_WINDOW: Final = Rate(95, 10_000)
"""The limit until a reply gives the real one: the smallest tier, less one in twenty."""
_SPARE: Final = 20
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


def _redis(url: str, key: str, rate: Rate) -> AbstractBucket:
    try:
        made = RedisBucket.init([rate], Redis.from_url(url), f"sluicegate:{key}")
    except RedisError as error:
        raise RetryLater(f"The shared rate limits in Redis cannot be reached: {type(error).__name__}.") from None
    if not isinstance(made, AbstractBucket):
        raise TypeError("a plain Redis client gives no coroutine")
    return made


def _file(path: str, key: str, rate: Rate) -> AbstractBucket:
    with _errors(f" in {path}"):
        if not Path(path).parent.is_dir():  # the file lock would make it
            raise FileNotFoundError(f"there is no folder {Path(path).parent}")
        return SQLiteBucket.init_from_file([rate], table=f"limit_{key}", db_path=path, use_file_lock=True)


@contextmanager
def _errors(place: str = "") -> Iterator[None]:
    """Raise RetryLater for any error of a bucket's storage; each storage has classes of its own."""
    try:
        yield
    except Exception as error:  # noqa: BLE001
        raise RetryLater(f"The shared rate limits{place} cannot be read: {error}.") from None
