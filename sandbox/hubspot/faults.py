"""Faults on demand, as HubSpot words them."""

from __future__ import annotations

from typing import Any

from sandbox import faults
from sandbox.faults import COMMON, GATEWAY, Fault
from sandbox.hubspot.errors import ApiError

__all__ = ["NAMED", "Fault", "Faults"]


def _limit(policy: str) -> dict[str, Any]:
    more = {"errorType": "RATE_LIMIT", "policyName": policy, "groupName": "publicapi:private-apps-api-calls"}
    message = f"You have reached your {policy.lower()} limit."
    return {"status": 429, "code": "RATE_LIMITS", "message": message, "more": more}


_MIGRATING = "This account is being migrated between data centers. Try again later."
NAMED: dict[str, dict[str, Any]] = {
    **COMMON,
    "ten_secondly": _limit("TEN_SECONDLY_ROLLING"),
    "secondly": {**_limit("SECONDLY"), "path": "/search"},
    "daily": _limit("DAILY"),
    "internal_error": {"status": 500, "code": "INTERNAL_ERROR", "message": "internal error"},
    "unavailable": {"status": 503, "body": GATEWAY.format("503 Service Temporarily Unavailable")},
    "edge_timeout": {"status": 524, "body": GATEWAY.format("524: A timeout occurred")},
    "token_expired": {
        "status": 401,
        "code": "EXPIRED_AUTHENTICATION",
        "message": "The OAuth token used to make this call expired 1 second(s) ago.",
    },
    "invalid_token": {
        "status": 401,
        "code": "INVALID_AUTHENTICATION",
        "message": "Authentication credentials not found.",
    },
    "missing_scopes": {
        "status": 403,
        "code": "MISSING_SCOPES",
        "message": "This app hasn't been granted all required scopes to make this call.",
    },
    "locked": {"status": 423, "code": "LOCKED", "message": "The resource is currently locked. Try again later."},
    "migrating": {"status": 477, "code": "MIGRATION", "message": _MIGRATING, "headers": {"retry-after": "2"}},
    "row_lock": {"how": "record", "status": 423, "code": "LOCKED", "message": "This record is locked."},
    "row_conflict": {"how": "record", "status": 409, "code": "CONFLICT", "message": "This record was changed."},
}


class Faults(faults.Faults):
    """The faults that wait for their call."""

    def __init__(self) -> None:
        super().__init__(NAMED)

    def strike_record(self, kind: str, number: int) -> None:
        """Refuse a record for which a record fault waits."""
        fault = self.of_record(kind, str(number))
        if fault:
            raise refusal(fault)


def refusal(fault: Fault) -> ApiError:
    """A fault of kind error or record as a refusal."""
    return ApiError(fault.status, fault.code or "INTERNAL_ERROR", fault.message, more=dict(fault.more))
