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
"""The most records that one share may have."""
PARTS: Final = 8
"""Into how many windows of equal width a share is split that has more."""
DEALS: Final = "deals"


def shares(
    client: Client, cursors: Mapping[str, Cursor], sources: Collection[Source], least: int, stream: str
) -> Iterator[Share]:
    """A share for each type that was never read; none where fewer than `least` deals wait. `stream`: that of deals."""
    if stream in cursors or windows.total(client, DEALS) < least:
        return
    ended = Place(until=client.now()).ended()
    yield from _of_type(client, DEALS, ended.cursor(stream))
    for kind in (activities.KINDS[source].type for source in sources):
        if kind not in cursors:
            with suppress(Refused):  # the pull passes over it, too, and `check` gives the reason
                yield from _of_type(client, kind, ended.cursor(kind))


def _of_type(client: Client, kind: str, ended: Cursor) -> Iterator[Share]:
    """All records of an object type; none where there are no records, which the pull sees for itself."""
    lowest, highest = windows.ends(client, kind)
    if highest:
        yield Share(_text(kind, lowest - 1, highest), ended)


def split(client: Client, text: str, most: int) -> list[str]:
    """Windows of equal width in place of a share with more than `most` records; none where it has fewer."""
    given = orjson.loads(text)
    kind, first, last = given["type"], int(given["first"]), int(given["last"])
    if last - first < PARTS or windows.total(client, kind, first, last) <= min(WINDOW, most):
        return []
    width = -(-(last - first) // PARTS)
    return [_text(kind, start, min(start + width, last)) for start in range(first, last, width)]


def _text(kind: str, first: int, last: int) -> str:
    """The records with ids above the first one up to the last."""
    return orjson.dumps({"type": kind, "first": str(first), "last": str(last)}).decode()
