"""Query jobs of Bulk API 2.0, below jobs/query."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any, Final

from sandbox.salesforce.api.call import Call, Reply
from sandbox.salesforce.bulk import jobs
from sandbox.salesforce.bulk.jobs import ENDED, Job, job_of
from sandbox.salesforce.bulk.results import DELIMITERS, LINE_ENDS, part
from sandbox.salesforce.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable

_LISTED: Final = 1_000


def create(call: Call) -> Reply:
    """POST jobs/query."""
    body = call.json()
    if not isinstance(body, dict):
        raise ApiError("JSON_PARSER_ERROR", "The HTTP entity body is required to be one object")
    for name, allowed in {"columnDelimiter": DELIMITERS, "lineEnding": LINE_ENDS, "contentType": {"CSV"}}.items():
        _one_of(name, body.get(name), allowed)
    made = jobs.create(call.org, call.user_id, body, call.version)
    return Reply(made.brief(call.org, "UploadComplete"))


def _one_of(name: str, value: Any, allowed: Iterable[str]) -> None:
    if value is not None and value not in set(allowed):
        raise ApiError("INVALIDJOB", f"Unknown {name}: {value}")


def listed(call: Call) -> Reply:
    """GET jobs/query: all query jobs of the org, a thousand at a time, in no order."""
    if call.params.get("jobType") not in {None, "V2Query"}:
        return Reply({"done": True, "records": [], "nextRecordsUrl": None})
    start = int(call.params.get("queryLocator") or 0)
    found = [job.brief(call.org) | {"jobType": "V2Query"} for job in list(call.org.jobs.values())[::-1]]
    done = start + _LISTED >= len(found)
    more = f"/services/data/v{call.version}/jobs/query?jobType=V2Query&queryLocator={start + _LISTED}"
    return Reply({"done": done, "records": found[start : start + _LISTED], "nextRecordsUrl": None if done else more})


def about(call: Call, job_id: str) -> Reply:
    """GET jobs/query/id."""
    return Reply(job_of(call.org, job_id).told(call.org))


def _own(call: Call, job_id: str) -> Job:
    """A job of the caller's own."""
    job = job_of(call.org, job_id)
    if job.user_id != call.user_id:
        raise ApiError("INVALIDUSER", "The job was created by another user", status=403)
    return job


def results(call: Call, job_id: str) -> Reply:
    """GET jobs/query/id/results?maxRecords=&locator=."""
    job, asked = _own(call, job_id), call.params.get("maxRecords", "")
    if job.version != call.version:
        raise ApiError("API_ERROR", f"The job was created in API version {job.version}", status=409)
    if job.state(call.org) != "JobComplete":
        raise ApiError("INVALIDJOBSTATE", f"Results are not available for a job in state {job.state(call.org)}")
    if asked and (not asked.isdigit() or int(asked) < 1):
        raise ApiError("API_ERROR", f"maxRecords is no number above 0: {asked}")
    most = min(int(asked or call.org.settings.bulk_page), call.org.settings.bulk_page)
    text, number, locator = part(job, call.params.get("locator", ""), most)
    headers = {"Sforce-NumberOfRecords": str(number), "Sforce-Locator": locator}
    body = text.encode()
    if "gzip" in call.headers.get("accept-encoding", ""):
        headers, body = {**headers, "Content-Encoding": "gzip"}, gzip.compress(body, 1)
    return Reply(body, headers=headers, kind="text/csv")


def abort(call: Call, job_id: str) -> Reply:
    """PATCH jobs/query/id with the state Aborted."""
    job = _own(call, job_id)
    if call.json() != {"state": "Aborted"}:
        raise ApiError("INVALIDJOBSTATE", "A query job can only be aborted")
    if job.state(call.org) in ENDED:
        raise ApiError("INVALIDJOBSTATE", f"A job in state {job.state(call.org)} cannot be aborted")
    job.aborted = True
    return Reply(job.brief(call.org))


def delete(call: Call, job_id: str) -> Reply:
    """DELETE jobs/query/id."""
    job = _own(call, job_id)
    if job.state(call.org) not in ENDED:
        message = "Error encountered when deleting the job because the job is not terminated"
        raise ApiError("API_ERROR", message)
    del call.org.jobs[job.id]
    return Reply(None, 204)
