"""Faults on demand, as Salesforce words them."""

from __future__ import annotations

from typing import Any

from sandbox import faults
from sandbox.faults import COMMON, Fault, error
from sandbox.salesforce.errors import ApiError

__all__ = ["NAMED", "Fault", "Faults"]
_DOWN = "<html><head><title>Service Unavailable</title></head><body>Down for maintenance</body></html>"
_DAILY, _CONCURRENT = "TotalRequests Limit exceeded.", "ConcurrentRequests Limit exceeded."
NAMED: dict[str, dict[str, Any]] = {
    **COMMON,
    "session_expired": error(401, "INVALID_SESSION_ID", "Session expired or invalid"),
    "invalid_auth_header": error(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE"),
    "unavailable": {"status": 503, "body": _DOWN},
    "unavailable_json": error(503, "SERVER_UNAVAILABLE", "We are down for maintenance."),
    "unknown_exception": error(
        500, "UNKNOWN_EXCEPTION", "An unexpected error occurred. ErrorId: 1234567890-12345 (-123456789)"
    ),
    "query_timeout": error(400, "QUERY_TIMEOUT", "Your query request was running for too long."),
    "invalid_query_locator": error(400, "INVALID_QUERY_LOCATOR", "invalid query locator"),
    "daily_limit": error(403, "REQUEST_LIMIT_EXCEEDED", _DAILY),
    "concurrent_limit": error(403, "REQUEST_LIMIT_EXCEEDED", _CONCURRENT),
    "api_disabled": error(403, "API_DISABLED_FOR_ORG", "API is not enabled for this Organization"),
    "api_currently_disabled": error(403, "API_CURRENTLY_DISABLED", "API is currently disabled for this user"),
    "not_enabled": error(403, "FUNCTIONALITY_NOT_ENABLED", "Functionality not enabled"),
    "bulk_off": error(403, "FEATURENOTENABLED", "Bulk API 2.0 isn't enabled for this organization", path="jobs/query"),
    "job_fails": {
        "how": "job",
        "code": "Failed",
        "message": "QUERY_TIMEOUT: the query was retried more than 15 times",
    },
    "job_stays": {"how": "job", "code": "InProgress"},
    "locator_expired": error(400, "INVALID_QUERY_LOCATOR", "invalid query locator", path="/results.*locator="),
    "row_lock": {
        "how": "record",
        "code": "UNABLE_TO_LOCK_ROW",
        "message": "unable to obtain exclusive access to this record",
    },
}


class Faults(faults.Faults):
    """The faults that wait for their call."""

    def __init__(self) -> None:
        super().__init__(NAMED, lambda fault: ApiError(fault.code or "UNKNOWN_EXCEPTION", fault.message))

    def fate_of_job(self, entity: str) -> Fault | None:
        """What becomes of a query job that is made now, if anything but its completion; it is counted."""
        waiting = (fault for fault in self.waiting if fault.how == "job" and fault.entity in (None, entity))
        return next((fault for fault in waiting if fault.strike()), None)
