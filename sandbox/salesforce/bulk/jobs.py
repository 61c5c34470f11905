"""A query job: what it was asked, the rows as they stood when it was made, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sandbox.salesforce.clock import wire
from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.records import ids
from sandbox.salesforce.soql.parse import parse
from sandbox.salesforce.soql.run import select
from sandbox.salesforce.soql.tree import Path

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sandbox.faults import Fault
    from sandbox.salesforce.org import Org
    from sandbox.salesforce.records.table import Row
    from sandbox.salesforce.soql.resolve import Scope
    from sandbox.salesforce.soql.tree import Query

KEPT: Final = timedelta(days=7)
"""How long a job that has ended stays."""
DAY: Final = timedelta(days=1)
UNSUPPORTED: Final = {"TaskStatus", "RecentlyViewed", "UserRecordAccess"}
COMPOUND: Final = {"address", "location"}
ENDED: Final = {"JobComplete", "Failed", "Aborted"}


@dataclass
class Job:
    """One query job. `columns` gives each column's name, type and how it is read off a row."""

    id: str
    user_id: str
    operation: str
    entity: str
    version: str
    delimiter: str
    line_ending: str
    created: datetime
    rows: list[Row]
    columns: list[tuple[str, str, Callable[[Row], Any]]]
    fate: Fault | None = None
    aborted: bool = False
    given: set[str] = field(default_factory=set)
    """Locators that were given out."""

    def state(self, org: Org) -> str:
        """How far the job has come by the org's clock."""
        if self.aborted:
            return "Aborted"
        if self.fate and self.fate.code:
            return self.fate.code
        lasts = timedelta(seconds=org.settings.bulk_seconds)
        return "JobComplete" if org.clock.now() - self.created >= lasts else "InProgress"

    def brief(self, org: Org, state: str = "") -> dict[str, Any]:
        """The job as Salesforce describes it in replies to make, abort and list."""
        stamps = {"createdDate": wire(self.created), "systemModstamp": org.clock.stamp()}
        asked = {"id": self.id, "operation": self.operation, "object": self.entity, "createdById": self.user_id}
        how = {"concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": float(self.version)}
        form = {"lineEnding": self.line_ending, "columnDelimiter": self.delimiter}
        return {**asked, **stamps, "state": state or self.state(org), **how, **form}

    def told(self, org: Org) -> dict[str, Any]:
        """The job as it is told when somebody asks for it."""
        done = len(self.rows) if self.state(org) == "JobComplete" else 0
        more = {"numberRecordsProcessed": done, "retries": 0, "totalProcessingTime": 334, "isPkChunkingSupported": True}
        wrong = {"errorMessage": self.fate.message} if self.fate and self.fate.message else {}
        return {**self.brief(org), "jobType": "V2Query", **more, **wrong}


def create(org: Org, user_id: str, body: dict[str, Any], version: str) -> Job:
    """A new job; raises what Salesforce refuses at once."""
    text, operation = body.get("query"), body.get("operation")
    if operation not in {"query", "queryAll"} or not isinstance(text, str):
        raise ApiError("API_ERROR", "A query job needs an operation (query or queryAll) and a query")
    most, recent = org.settings.bulk_jobs, [at for at in org.bulk_made if org.clock.now() - at < DAY]
    if len(recent) >= most:
        raise ApiError("LIMIT_EXCEEDED", f"Max bulk v2 query jobs ({most}) per 24 hrs has been reached")
    query = parse(text)
    scope, rows = select(org, user_id, query, deleted=operation == "queryAll")
    columns = _columns(scope, query)
    if not query.order:
        rows = rows[::-1]  # nobody promises an order
    org.bulk_made = [*recent, org.clock.now()]
    org.opened += 1
    form = str(body.get("columnDelimiter") or "COMMA"), str(body.get("lineEnding") or "LF")
    asked = (ids.make("750", org.opened), user_id, operation, scope.entity.name, version, *form)
    job = Job(*asked, org.clock.now(), rows, columns, org.faults.fate_of_job(scope.entity.name))
    org.jobs[job.id] = job
    return job


def _columns(scope: Scope, query: Query) -> list[tuple[str, str, Callable[[Row], Any]]]:
    if scope.entity.name in UNSUPPORTED:
        raise ApiError("INVALIDENTITY", f"Entity '{scope.entity.name}' is not supported by the Bulk API.")
    plain = [item for item in query.items if isinstance(item, Path)]
    if len(plain) < len(query.items) or query.group or query.offset:
        raise ApiError("API_ERROR", "Bulk query takes no aggregates, functions, GROUP BY, OFFSET or nested queries")
    columns = []
    for item in plain:
        found = scope.resolve(item)
        if found.field.type in COMPOUND:
            raise ApiError("API_ERROR", "Selecting compound data not supported in Bulk Query")
        columns.append((item.text, found.field.type, found.read))
    return columns


def job_of(org: Org, job_id: str) -> Job:
    """A job that is still kept; raises NOT_FOUND."""
    for old in [job for job in org.jobs.values() if _is_over(org, job)]:
        del org.jobs[old.id]
    long = ids.long(job_id)
    if long not in org.jobs:
        raise not_found()
    return org.jobs[long]


def _is_over(org: Org, job: Job) -> bool:
    return job.state(org) in ENDED and org.clock.now() - job.created > KEPT
