"""Query jobs of Bulk API 2.0: make, look, read a part of the results, drop, and find one whose id got lost.

simple-salesforce's own handler waits, reads and forgets the job's id in one call; a job that a later run goes on with
needs each of these alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from connectors.salesforce.client.bulk_values import table
from connectors.salesforce.client.faults import ObjectGone, Refused
from connectors.shared.client.paging import Paging
from connectors.shared.client.retries import InDoubt
from connectors.shared.client.shapes import sentence
from connectors.shared.pull.convert import instant
from connectors.shared.pull.plausible import NONSENSE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    import requests

    from connectors.salesforce.client.client import Client

_PATH: Final = "jobs/query"
_COMPLETE: Final = "JobComplete"
_FAILED: Final = {"Failed", "Aborted"}
_TRIES: Final = 3
_SOON: Final = timedelta(minutes=15)
"""A job whose id got lost was made within this time of the instant that was noted before."""
_LAST: Final = "null"


class NotOurs(Exception):
    """The results have other columns than those that are asked for."""


@dataclass(frozen=True)
class Asked:
    """What a job is asked: an object and its query; `deleted` also gives rows in the bin and archived ones."""

    entity: str
    soql: str
    deleted: bool

    @property
    def operation(self) -> str:
        """In Salesforce's word."""
        return "queryAll" if self.deleted else "query"


@dataclass(frozen=True)
class Progress:
    """How far a job has come; `wrong`: why it has failed."""

    complete: bool
    rows: int = 0
    wrong: str = ""


class Part(NamedTuple):
    """Some of a job's rows as CSV, and the locator of the next ones; "" after the last."""

    content: bytes
    rows: int
    locator: str


class QueryJobs:
    """The query jobs of one org, as our user may use them."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def make(self, asked: Asked, since: datetime) -> str:
        """A new job's id. Where the reply got lost, the job is looked for before another one is made.

        Raises Refused or ApiOff where the org does not let us, RetryLater where nobody knows what became of it.
        """
        body = {"operation": asked.operation, "query": asked.soql, "columnDelimiter": "COMMA", "lineEnding": "LF"}
        for _ in range(_TRIES - 1):
            try:
                return self._made(body)
            except InDoubt:
                if found := self.found(asked, since):
                    return found
        return self._made(body)

    def _made(self, body: dict[str, str]) -> str:
        return str(self._client.rest(_PATH, "POST", body, repeatable=False)["id"])

    def found(self, asked: Asked, since: datetime) -> str:
        """A job of ours on this object that was made soon after an instant; "" if there is none."""
        return next((str(job["id"]) for job in self._all() if self._is_ours(job, asked, since)), "")

    def _all(self) -> Iterator[dict[str, Any]]:
        path, paging = f"{_PATH}?jobType=V2Query", Paging("the query jobs")
        while path:
            body = self._client.rest(path) or {}
            found = [job for job in body.get("records") or () if isinstance(job, dict)]
            yield from found
            more = str(body.get("nextRecordsUrl") or "")
            path = _PATH + more.partition(_PATH)[2] if more else ""
            if path:
                paging.check(path, len(found))

    def _is_ours(self, job: dict[str, Any], asked: Asked, since: datetime) -> bool:
        try:
            made = instant(job["createdDate"])
        except NONSENSE:
            return False
        same = (job.get("object"), job.get("operation")) == (asked.entity, asked.operation)
        mine = self._client.user_id is not None and job.get("createdById") == self._client.user_id
        soon = made is not None and since <= made <= since + _SOON
        return same and mine and soon and job.get("state") not in _FAILED

    def look(self, job: str) -> Progress:
        """How far a job has come; raises Refused for one that is gone."""
        body = self._client.rest(f"{_PATH}/{job}") or {}
        state, rows = body.get("state"), body.get("numberRecordsProcessed")
        failed = state in _FAILED
        why = sentence(body.get("errorMessage") or f"the job ended as {state}") if failed else ""
        return Progress(state == _COMPLETE, rows if isinstance(rows, int) else 0, why)

    def part(self, job: str, locator: str, most: int, columns: Sequence[str]) -> Part:
        """At most `most` rows from a locator on, whole. Raises NotOurs for a job that was asked something else."""
        params = {"maxRecords": str(most), **({"locator": locator} if locator else {})}
        return self._client.part(f"{_PATH}/{job}/results", params, lambda reply: _whole(reply, columns))

    def drop(self, job: str) -> None:
        """Delete a job, after aborting it where it is still under way. Salesforce deletes what is left after a week."""
        for method, body in (("DELETE", None), ("PATCH", {"state": "Aborted"}), ("DELETE", None)):
            try:
                self._client.rest(f"{_PATH}/{job}", method, body)
            except ObjectGone:
                return
            except Refused:
                continue
            if method == "DELETE":
                return


def _whole(reply: requests.Response, columns: Sequence[str]) -> Part:
    """The part in a reply; raises ValueError for one that is cut or is no part."""
    lines = table(reply.content)
    names, expected = next(lines, []), int(reply.headers["Sforce-NumberOfRecords"])
    locator = reply.headers["Sforce-Locator"]
    rows = sum(len(line) == len(names) for line in lines)
    if rows != expected:
        raise ValueError(f"{rows} rows of {expected}")
    if sorted(names) != sorted(columns):
        raise NotOurs
    return Part(reply.content, rows, "" if locator == _LAST else locator)
