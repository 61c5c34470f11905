"""Faults on demand, as Salesforce words them."""

from __future__ import annotations

from typing import Any

from sandbox import faults
from sandbox.faults import COMMON, Fault
from sandbox.salesforce.errors import ApiError

__all__ = ["NAMED", "Fault", "Faults"]
_DOWN = "<html><head><title>Service Unavailable</title></head><body>Down for maintenance</body></html>"
_DAILY, _CONCURRENT = "TotalRequests Limit exceeded.", "ConcurrentRequests Limit exceeded."
NAMED: dict[str, dict[str, Any]] = {
    **COMMON,
    "session_expired": {"status": 401, "code": "INVALID_SESSION_ID", "message": "Session expired or invalid"},
    "invalid_auth_header": {"status": 401, "code": "INVALID_AUTH_HEADER", "message": "INVALID_HEADER_TYPE"},
    "unavailable": {"status": 503, "body": _DOWN},
    "unavailable_json": {
        "status": 503,
        "code": "SERVER_UNAVAILABLE",
        "message": "We are down for maintenance.",
    },
    "unknown_exception": {
        "status": 500,
        "code": "UNKNOWN_EXCEPTION",
        "message": "An unexpected error occurred. ErrorId: 1234567890-12345 (-123456789)",
    },
    "query_timeout": {
        "status": 400,
        "code": "QUERY_TIMEOUT",
        "message": "Your query request was running for too long.",
    },
    "invalid_query_locator": {
        "status": 400,
        "code": "INVALID_QUERY_LOCATOR",
        "message": "invalid query locator",
    },
    "daily_limit": {"status": 403, "code": "REQUEST_LIMIT_EXCEEDED", "message": _DAILY},
    "concurrent_limit": {"status": 403, "code": "REQUEST_LIMIT_EXCEEDED", "message": _CONCURRENT},
    "api_disabled": {
        "status": 403,
        "code": "API_DISABLED_FOR_ORG",
        "message": "API is not enabled for this Organization",
    },
    "api_currently_disabled": {
        "status": 403,
        "code": "API_CURRENTLY_DISABLED",
        "message": "API is currently disabled for this user",
    },
    "not_enabled": {
        "status": 403,
        "code": "FUNCTIONALITY_NOT_ENABLED",
        "message": "Functionality not enabled",
    },
    "row_lock": {
        "how": "record",
        "code": "UNABLE_TO_LOCK_ROW",
        "message": "unable to obtain exclusive access to this record",
    },
}


class Faults(faults.Faults):
    """The faults that wait for their call."""

    def __init__(self) -> None:
        super().__init__(NAMED)

    def strike_record(self, entity: str, row_id: str) -> None:
        """Refuse a row for which a row fault waits."""
        fault = self.of_record(entity, row_id)
        if fault:
            raise ApiError(fault.code or "UNKNOWN_EXCEPTION", fault.message)
