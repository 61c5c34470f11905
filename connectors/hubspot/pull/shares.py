"""Shares of a first load: windows of ids that several workers read at once.

A list is read page after page, because its marks are opaque. So a large first load asks the search for the ids of a
window, and reads the records of these ids. What changes meanwhile is found by the first pass after it, which begins
before the load did.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

import orjson

from connectors.hubspot.client import windows
from connectors.hubspot.client.faults import Refused
from connectors.hubspot.client.windows import Place
from connectors.hubspot.pull import activities
from model.sync import Share

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from connectors.hubspot.client.client import Client
    from connectors.hubspot.settings import Source
    from model.sync import Cursor

WINDOW: Final = 20_000
"""Records of a share, unless that makes too many shares."""
MOST: Final = 64
"""Shares of one type, about."""
DEALS: Final = "deals"


def shares(
    client: Client, cursors: Mapping[str, Cursor], sources: Collection[Source], least: int, stream: str
) -> Iterator[Share]:
    """The shares of what was never read; none where fewer than `least` deals wait. `stream`: that of deals."""
    if stream in cursors or (deals := windows.total(client, DEALS)) < least:
        return
    ended, size = Place(until=client.now()).ended(), min(WINDOW, least)
    yield from _of_type(client, DEALS, deals, size, ended.cursor(stream))
    for kind in (activities.KINDS[source].type for source in sources):
        if kind not in cursors:
            with suppress(Refused):  # the pull passes over it, too, and `check` gives the reason
                yield from _of_type(client, kind, windows.total(client, kind), size, ended.cursor(kind))


def _of_type(client: Client, kind: str, rows: int, size: int, ended: Cursor) -> Iterator[Share]:
    """The shares of one object type that has so many rows; an empty one is left to the pull."""
    if not rows:
        return
    lowest, highest = windows.ends(client, kind)
    for first, last in _split(client, kind, (lowest - 1, highest), rows, max(size, rows // MOST)):
        yield Share(orjson.dumps({"type": kind, "first": str(first), "last": str(last)}).decode(), ended)


def _split(client: Client, kind: str, ids: tuple[int, int], rows: int, most: int) -> Iterator[tuple[int, int]]:
    """Windows of at most `most` of the `rows` records with ids above the first one up to the last."""
    first, last = ids
    if rows <= most or last - first <= 1:
        yield ids
        return
    middle = (first + last) // 2
    lower = windows.total(client, kind, first, middle)
    yield from _split(client, kind, (first, middle), lower, most)
    yield from _split(client, kind, (middle, last), rows - lower, most)
