"""Reading one ahead: the network and whoever works on what it brought are busy at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


def one_ahead(items: Iterator[T]) -> Iterator[T]:
    """`items`, none of them None, each made in a thread of its own while the one before it is used.

    What making one raises is raised when its turn comes.
    """
    with ThreadPoolExecutor(1, "ahead") as beside:
        coming = beside.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = beside.submit(next, items, None)
            yield item
