"""Shares of a first load: windows of ids that several workers read at once.

A list is read page after page, because its marks are opaque. So a large first load asks the search for the ids of a
window, and reads the records of these ids. What changes meanwhile is found by the first pass after it, which begins
before the load did.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson

from connectors.hubspot.client import windows
from connectors.hubspot.client.faults import Refused
from connectors.hubspot.client.windows import Place
from connectors.hubspot.pull import activities
from connectors.shared.client.shapes import understood
from model.sync import Share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connectors.hubspot.client.client import Client
    from connectors.hubspot.settings import HubspotSettings
    from model.sync import Cursor, Page

WINDOW: Final = 20_000
"""The most records that one share may have."""
PARTS: Final = 8
"""Into how many windows of equal width a share is split that has more."""
DEALS: Final = "deals"


@dataclass(frozen=True)
class Windows:
    """connectors.protocol.Sharing for one portal.

    `stream`: that of deals. `read` gives the pages of a window, `checked` leaves nothing in them that cannot be judged.
    """

    client: Client
    settings: HubspotSettings
    stream: str
    read: Callable[[str, str], Iterator[tuple[Page, str]]]
    checked: Callable[[Page], Page]

    def plan(self, cursors: Mapping[str, Cursor]) -> list[Share]:
        """A share for each type that was never read; none where fewer than `share_from` deals wait."""
        with understood():
            return list(self._shares(cursors))

    def _shares(self, cursors: Mapping[str, Cursor]) -> Iterator[Share]:
        if self.stream in cursors or windows.total(self.client, DEALS) < self.settings.share_from:
            return
        ended = Place(until=self.client.now()).ended()
        yield from self._of_type(DEALS, ended.cursor(self.stream))
        for kind in (activities.KINDS[source].type for source in self.settings.activity.sources):
            if kind not in cursors:
                with suppress(Refused):  # the pull passes over it, too, and `check` gives the reason
                    yield from self._of_type(kind, ended.cursor(kind))

    def _of_type(self, kind: str, ended: Cursor) -> Iterator[Share]:
        """All records of an object type; none where there are no records, which the pull sees for itself."""
        lowest, highest = windows.ends(self.client, kind)
        if highest:
            yield Share(_text(kind, lowest - 1, highest), ended)

    def split(self, text: str) -> list[str]:
        """Windows of equal width in place of a large one; none where it is small."""
        given = orjson.loads(text)
        kind, first, last = given["type"], int(given["first"]), int(given["last"])
        with understood():
            rows = windows.total(self.client, kind, first, last)
        if last - first < PARTS or rows <= min(WINDOW, self.settings.share_from):
            return []
        width = -(-(last - first) // PARTS)
        return [_text(kind, start, min(start + width, last)) for start in range(first, last, width)]

    def pages(self, text: str, after: str) -> Iterator[tuple[Page, str]]:
        """The pages of a window, each with the last id that it covers."""
        with understood():
            for page, upto in self.read(text, after):
                yield self.checked(page), upto


def _text(kind: str, first: int, last: int) -> str:
    """The records with ids above the first one up to the last."""
    return orjson.dumps({"type": kind, "first": str(first), "last": str(last)}).decode()
