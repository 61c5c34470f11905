"""Which streams are read by query jobs of Bulk API 2.0: those with many rows, the first time and by full passes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from connectors.salesforce.client.faults import TooMany
from connectors.salesforce.client.windows import ORIGIN
from connectors.salesforce.pull.bulk_load import BulkLoad, NoBulk
from connectors.salesforce.pull.streams import pages
from model.sync import Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connectors.salesforce.client.client import Client
    from connectors.salesforce.pull.streams import Planned
    from model.sync import Cursor

_FRESH: Final = timedelta(hours=6)
"""A full pass goes on with the job of an earlier one that is not older."""
_REMARK: Final = (
    "{entity} has more than {above:,} rows and was read page by page, which takes more calls: Bulk API 2.0 does not "
    "give them ({why})."
)


class Bulk:
    """The streams of one pass, each by a job or page by page. `above`: with more rows an object is read by a job."""

    def __init__(self, client: Client, cursors: Mapping[str, Cursor], *, full: bool, above: int) -> None:
        self._client, self._cursors, self._full, self._above = client, cursors, full, above
        self._closed = False

    def pages(self, planned: Planned) -> Iterator[Page]:
        """Pages of a stream from its cursor on, or all of it; the last but one has the cursor for next time."""
        cursor = self._cursors.get(planned.stream.name)
        load = BulkLoad(self._client, planned, self._cursors.get(BulkLoad.stream_of(planned)), again=self._full)
        if load.saved.done:
            cursor = yield from load.finished(cursor)
        first = self._full or cursor is None
        if first and load.saved.job and not self._is_wanted(load, cursor):
            yield from load.dropped()
        if first and not self._closed:
            try:
                yield from self._many(planned, cursor, load)
            except NoBulk as refusal:
                yield self._remark(planned, refusal)
            else:
                return
        yield from pages(self._client, planned, cursor, full=self._full, most=None)

    def _is_wanted(self, load: BulkLoad, cursor: Cursor | None) -> bool:
        """Whether this pass goes on with a job. A full pass is to see the org as it is now."""
        return load.is_of_today(ORIGIN if cursor is None else self._client.now() - _FRESH)

    def _many(self, planned: Planned, cursor: Cursor | None, load: BulkLoad) -> Iterator[Page]:
        """Page by page unless there are too many rows, or a job has begun."""
        if not load.saved.since:
            try:
                yield from pages(self._client, planned, cursor, full=self._full, most=self._above)
            except TooMany:
                pass
            else:
                return
        yield from load.pages()

    def _remark(self, planned: Planned, refusal: NoBulk) -> Page:
        self._closed = refusal.at_all
        text = _REMARK.format(entity=planned.stream.entity, above=self._above, why=str(refusal).rstrip("."))
        return Page({}, remarks=(text,))
