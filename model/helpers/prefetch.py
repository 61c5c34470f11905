"""Reading ahead: the network and whoever works on what it brought are busy at once."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


def ahead(items: Iterator[T], most: int = 1) -> Iterator[T]:
    """`items`, none of them None, made in a thread of their own, up to `most` of them before they are asked for.

    What making one raises is raised when its turn comes.
    """
    beside = ThreadPoolExecutor(1, "ahead")
    try:
        coming = deque(beside.submit(next, items, None) for _ in range(most))
        while (item := coming.popleft().result()) is not None:
            coming.append(beside.submit(next, items, None))
            yield item
    finally:
        beside.shutdown(cancel_futures=True)
