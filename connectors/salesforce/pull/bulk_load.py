"""One object read by a query job, through kills, failed jobs and lost locators."""

from __future__ import annotations

from dataclasses import asdict, replace
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import orjson

from connectors.salesforce.client.bulk_values import Values
from connectors.salesforce.client.faults import ApiOff, CursorLost, Refused
from connectors.salesforce.client.query_jobs import Asked, NotOurs, QueryJobs
from connectors.salesforce.client.windows import ORIGIN, Place, literal
from connectors.salesforce.pull.bulk_saved import Saved
from connectors.salesforce.pull.streams import since
from connectors.shared.client.http_session import TooMuch
from connectors.shared.client.paging import Paging
from connectors.shared.pull.convert import instant
from model.errors import RetryLater
from model.sync import Cursor, Page

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from datetime import datetime

    from connectors.salesforce.client.client import Client
    from connectors.salesforce.client.query_jobs import Part
    from connectors.salesforce.pull.streams import Planned

_LEAST_PART: Final = 500
_PAGE: Final = 2_000
"""Rows of one page, as many as REST gives."""
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 60.0
_PATIENCE: Final = 900.0
"""Seconds that a run waits for one job; the next run goes on with it."""
_LATER: Final = 300.0
_MOST_FAILURES: Final = 2
_OF_THE_ORG: Final = {"FEATURENOTENABLED", "FUNCTIONALITY_NOT_ENABLED", "INVALIDUSER", "INSUFFICIENT_ACCESS", ""}
"""Refusals that hold for every object; "" is that of an API that is switched off."""


class NoBulk(Exception):
    """The object cannot be read by a query job; the text says why. `at_all`: no object can."""

    def __init__(self, why: str, *, at_all: bool = False) -> None:
        self.at_all = at_all
        super().__init__(why)


class _JobLost(Exception):
    """The job failed, was aborted, or is gone."""


class BulkLoad:
    """The job of one stream. `again`: rows that an earlier run has kept are read again, because all ids are wanted."""

    def __init__(self, client: Client, planned: Planned, cursor: Cursor | None, *, again: bool) -> None:
        self._client, self._jobs, self._planned, self._again = client, QueryJobs(client), planned, again
        self.saved = Saved.parse(cursor)

    @staticmethod
    def stream_of(planned: Planned) -> str:
        """The name of its cursor."""
        return f"{planned.stream.name}.bulk"

    def _keep(self, **changes: Any) -> Page:
        """A page that saves how far it has come."""
        self.saved = replace(self.saved, **changes)
        text = orjson.dumps(asdict(self.saved)).decode() if self.saved.since or self.saved.failed else "{}"
        return Page({}, Cursor(self.stream_of(self._planned), text))

    def _asked(self) -> Asked:
        stream = self._planned.stream
        return Asked(stream.entity, self._planned.soql(), stream.deleted)

    def is_of_today(self, oldest: datetime) -> bool:
        """Whether the job was made after an instant, and asked what would be asked today."""
        return self.saved.query == _digest(self._asked()) and self.saved.at is not None and self.saved.at > oldest

    def pages(self) -> Iterator[Page]:
        """All rows, and the stream's cursor behind them. Raises NoBulk, and RetryLater where the job takes too long."""
        why = "its query jobs failed"
        while self.saved.failed < _MOST_FAILURES:
            try:
                yield from self._made()
                yield from self._waited()
                yield from self._read()
            except _JobLost as lost:
                why = str(lost)
                yield from self.dropped(failed=self.saved.failed + 1)
            else:
                return
        yield self._keep(failed=0)
        raise NoBulk(why)

    def dropped(self, failed: int = 0) -> Iterator[Page]:
        """Drop the job and forget it. A job that cannot be dropped now is tried again by the next pass.

        One that may be another program's is only forgotten.
        """
        if self.saved.job and not self.saved.found:
            try:
                self._jobs.drop(self.saved.job)
            except RetryLater:
                if self.saved.done:
                    return
                raise
        self.saved = Saved()
        yield self._keep(failed=failed)

    def _made(self) -> Iterator[Page]:
        """Make the job, unless there is one. An instant is saved before, by which a job whose id got lost is found."""
        if self.saved.since and not self.saved.job:
            yield self._keep(job=self._jobs.found(self._asked(), _instant(self.saved)), found=True)
        if self.saved.job:
            return
        yield self._keep(since=literal(self._client.now()), query=_digest(self._asked()), found=False)
        yield Page({})  # the page before this one is kept by now
        try:
            yield self._keep(job=self._jobs.make(self._asked(), _instant(self.saved)))
        except (Refused, ApiOff) as error:
            self.saved, failure = Saved(), NoBulk(str(error), at_all=getattr(error, "code", "") in _OF_THE_ORG)
            yield self._keep()
            raise failure from None

    def _waited(self) -> Iterator[Page]:
        """Until the job is complete: pages without records, so that whoever keeps them sees that it goes on."""
        waited, pause = 0.0, _FIRST_PAUSE
        while not (found := self._looked()).complete:
            if waited >= _PATIENCE:
                text = f"Salesforce is still at work on the query job {self.saved.job} of {self._planned.stream.entity}"
                raise RetryLater(f"{text} ({found.rows:,} rows so far). The next run goes on with it.", _LATER)
            yield Page({}, prepared=found.rows)
            self._client.pause(pause)
            waited, pause = waited + pause, min(pause * 1.5, _LONGEST_PAUSE)

    def _looked(self) -> Any:
        try:
            found = self._jobs.look(self.saved.job)
        except Refused as error:
            raise _JobLost(str(error)) from None
        if found.wrong:
            raise _JobLost(found.wrong)
        return found

    def _read(self) -> Iterator[Page]:
        """What changed since the job was made, and its rows."""
        newer: set[str] = set()
        until = yield from self._changed(newer)
        yield from self._parts(newer)
        yield self._keep(done=literal(until))
        yield from self.finished(None)

    def finished(self, cursor: Cursor | None) -> Generator[Page, None, Cursor]:
        """Save the stream's cursor, drop the job; also where a kill came between. Returns the cursor, the later one."""
        reached = Place(instant(self.saved.done))
        at = reached if cursor is None else Place.parse(cursor.text)
        later = Cursor(self._planned.stream.name, max(at, reached, key=lambda place: place.at or ORIGIN).text())
        yield Page({}, later)
        yield from self.dropped()  # by now the page before that one is kept
        return later

    def _changed(self, newer: set[str]) -> Generator[Page, None, datetime]:
        """The rows that changed since; their ids are added to `newer`. Returns from where the next pass goes on."""
        overlap = self._planned.stream.overlap
        start = Place(_instant(self.saved) - overlap)
        until = start.later(self._client.now() - overlap)
        for rows, _ in since(self._client, self._planned, start):
            newer.update(one for row in rows if isinstance(one := row.get("Id"), str))
            yield self._planned.page(rows)
        return until

    def _parts(self, newer: set[str]) -> Iterator[Page]:
        values = Values(self._planned.types(), decimals=self._planned.stream.exact)
        locator, paging = "" if self._again else self.saved.locator, Paging("the results of a query job")
        while True:
            part = self._part(locator)
            if part is None:
                locator, paging = "", Paging("the results of a query job")
                yield self._keep(most=self.saved.most // 2, locator="")
                continue
            rows = (row for row in values.rows(part.content) if row.get("Id") not in newer)
            while some := list(islice(rows, _PAGE)):
                yield self._planned.page(some)
            if not part.locator:
                return
            paging.check(part.locator, part.rows)
            locator = part.locator
            yield self._keep(locator=locator)

    def _part(self, locator: str) -> Part | None:
        """A part; None where it is too large, so that all are to be read again in smaller ones."""
        try:
            part = self._jobs.part(self.saved.job, locator, self.saved.most, list(self._planned.types()))
        except TooMuch:
            if self.saved.most < _LEAST_PART * 2:
                raise
            return None
        except NotOurs:
            raise _JobLost("its columns are not those that were asked for") from None
        except (Refused, CursorLost) as error:
            raise _JobLost(str(error)) from None
        self.saved = replace(self.saved, found=False)
        return part


def _instant(saved: Saved) -> datetime:
    """The instant before the job was made."""
    found = saved.at
    assert found is not None  # noqa: S101 - it is saved before the job
    return found


def _digest(asked: Asked) -> str:
    return sha256(f"{asked.operation} {asked.soql}".encode()).hexdigest()[:16]
