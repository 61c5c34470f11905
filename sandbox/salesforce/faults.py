"""Faults on demand: what should go wrong, on which calls, how often."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from sandbox.salesforce.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

How: TypeAlias = Literal["error", "drop", "drop_after", "truncate", "garbage", "hang", "record"]
"""error: answer with the code; drop: close before anything is done; drop_after: do it, then close without a
reply; truncate: send half of the reply; garbage: 200 with a body that is no JSON; hang: wait, then go on;
record: refuse rows."""

_DOWN = "<html><head><title>Service Unavailable</title></head><body>Down for maintenance</body></html>"
_GATEWAY = "<html><body><h1>{}</h1></body></html>"
_DAILY, _CONCURRENT = "TotalRequests Limit exceeded.", "ConcurrentRequests Limit exceeded."
NAMED: dict[str, dict[str, Any]] = {
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
    "bad_gateway": {"status": 502, "body": _GATEWAY.format("502 Bad Gateway")},
    "gateway_timeout": {"status": 504, "body": _GATEWAY.format("504 Gateway Timeout")},
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
    "drop": {"how": "drop"},
    "drop_after": {"how": "drop_after"},
    "truncate": {"how": "truncate"},
    "garbage": {"how": "garbage"},
    "hang": {"how": "hang", "seconds": 5.0},
}


@dataclass
class Fault:
    """One thing that goes wrong on calls that match, `count` times after letting `after` of them pass."""

    how: How = "error"
    method: str | None = None
    path: str = ""
    """A regular expression looked for in path and query."""
    after: int = 0
    count: int | None = 1
    """None: for ever."""
    status: int = 500
    code: str | None = None
    message: str = ""
    body: str = "<html><body>Internal Server Error</body></html>"
    seconds: float = 0.0
    ids: tuple[str, ...] = ()
    """For row faults: only these rows; empty for any."""
    entity: str | None = None
    when: Callable[[str, str], bool] | None = None
    """A test of method and path, for tests in process."""
    struck: int = 0

    def strike(self) -> bool:
        """Whether it is this fault's turn; counts down."""
        if self.after > 0:
            self.after -= 1
            return False
        if self.count is not None and self.struck >= self.count:
            return False
        self.struck += 1
        return True

    def fits(self, method: str, target: str) -> bool:
        """Whether a call is of the kind that this fault hits."""
        if self.how == "record" or self.method not in (None, method):
            return False
        return bool(re.search(self.path, target)) and (self.when is None or self.when(method, target))


class Faults:
    """The faults that wait for their call."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(self, name: str = "", **changes: Any) -> Fault:
        """Set a fault by its name in `NAMED`, by its properties, or both; raises KeyError."""
        made = Fault(**{**(NAMED[name] if name else {}), **changes})
        self.waiting.append(made)
        return made

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self.waiting.clear()

    def next(self, method: str, target: str) -> Fault | None:
        """The fault for this call, if any; it is counted."""
        return next((f for f in self.waiting if f.fits(method, target) and f.strike()), None)

    def strike_record(self, entity: str, row_id: str) -> None:
        """Refuse a row for which a row fault waits."""
        for fault in self.waiting:
            hit = fault.how == "record" and fault.entity in (None, entity) and (not fault.ids or row_id in fault.ids)
            if hit and fault.strike():
                raise ApiError(fault.code or "UNKNOWN_EXCEPTION", fault.message)
