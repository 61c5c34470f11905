"""Faults on demand, as HubSpot words them."""

from __future__ import annotations

from typing import Any

from sandbox import faults
from sandbox.faults import COMMON, GATEWAY, Fault, error
from sandbox.hubspot.errors import ApiError

__all__ = ["NAMED", "Fault", "Faults"]


def _limit(policy: str) -> dict[str, Any]:
    more = {"errorType": "RATE_LIMIT", "policyName": policy, "groupName": "publicapi:private-apps-api-calls"}
    message = f"You have reached your {policy.lower()} limit."
    return error(429, "RATE_LIMITS", message, more=more)


_MIGRATING = "This account is being migrated between data centers. Try again later."
NAMED: dict[str, dict[str, Any]] = {
    **COMMON,
    "ten_secondly": _limit("TEN_SECONDLY_ROLLING"),
    "secondly": {**_limit("SECONDLY"), "path": "/search"},
    "daily": _limit("DAILY"),
    "internal_error": error(500, "INTERNAL_ERROR", "internal error"),
    "unavailable": {"status": 503, "body": GATEWAY.format("503 Service Temporarily Unavailable")},
    "edge_timeout": {"status": 524, "body": GATEWAY.format("524: A timeout occurred")},
    "token_expired": error(
        401, "EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired 1 second(s) ago."
    ),
    "invalid_token": error(401, "INVALID_AUTHENTICATION", "Authentication credentials not found."),
    "missing_scopes": error(
        403, "MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call."
    ),
    "locked": error(423, "LOCKED", "The resource is currently locked. Try again later."),
    "migrating": error(477, "MIGRATION", _MIGRATING, headers={"retry-after": "2"}),
    "row_lock": error(423, "LOCKED", "This record is locked.", how="record"),
    "row_conflict": error(409, "CONFLICT", "This record was changed.", how="record"),
}


class Faults(faults.Faults):
    """The faults that wait for their call."""

    def __init__(self) -> None:
        super().__init__(NAMED, refusal)


def refusal(fault: Fault) -> ApiError:
    """A fault of kind error or record as a refusal."""
    return ApiError(fault.status, fault.code or "INTERNAL_ERROR", fault.message, more=dict(fault.more))
