"""What the portal answers when it says no: a status, a category and a sentence, as HubSpot words them."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

SCOPES_PAGE = "https://developers.hubspot.com/scopes"


class ApiError(Exception):
    """One refusal of a whole call. `more` are further keys of the body, `headers` go with it."""

    def __init__(
        self,
        status: int,
        category: str,
        message: str,
        *,
        sub: str | None = None,
        errors: list[dict[str, Any]] | None = None,
        context: dict[str, list[str]] | None = None,
        links: dict[str, str] | None = None,
        more: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{category}: {message}")
        self.status, self.category, self.message, self.sub = status, category, message, sub
        self.errors, self.context, self.links, self.more = errors, context, links, more or {}

    def body(self) -> dict[str, Any]:
        """The JSON of a call that fails."""
        found = {"status": "error", "message": self.message, "correlationId": str(uuid.uuid4())}
        return found | self._rest() | {"category": self.category} | self.more

    def entry(self) -> dict[str, Any]:
        """The JSON of one error within a 207."""
        return {"status": "error", "category": self.category, "message": self.message, **self._rest()}

    def within(self, context: dict[str, list[str]]) -> ApiError:
        """The same refusal for one input of a batch, which the context names."""
        whole = {**(self.context or {}), **context}
        return ApiError(self.status, self.category, self.message, sub=self.sub, errors=self.errors, context=whole)

    def _rest(self) -> dict[str, Any]:
        rest = {"subCategory": self.sub, "errors": self.errors, "context": self.context, "links": self.links}
        return {name: value for name, value in rest.items() if value is not None}


@dataclass(frozen=True)
class Wrong:
    """What is wrong with one value of one input."""

    name: str
    code: str
    message: str

    def old(self) -> dict[str, Any]:
        """As the JSON within a message tells it."""
        error = {"isValid": False, "message": self.message, "error": self.code, "name": self.name}
        return error | {"localizedErrorMessage": self.message}

    def detail(self) -> dict[str, Any]:
        """As an entry of `errors` tells it."""
        return {"message": self.message, "code": self.code, "context": {"propertyName": [self.name]}}


def wrong_values(found: list[Wrong]) -> ApiError:
    """The refusal of property values: a JSON list inside the message, and again as errors."""
    listed = json.dumps([w.old() for w in found], ensure_ascii=False, separators=(",", ":"))
    message = f"Property values were not valid: {listed}"
    return ApiError(400, "VALIDATION_ERROR", message, errors=[w.detail() for w in found])


def invalid(message: str, **more: Any) -> ApiError:
    """The refusal of a call that is not as it should be."""
    return ApiError(400, "VALIDATION_ERROR", message, **more)


def invalid_input(message: str) -> ApiError:
    """The refusal of JSON that does not fit."""
    return invalid(f"Invalid input JSON on line 1, column 1: {message}")


def not_found(message: str = "resource not found", **more: Any) -> ApiError:
    """The refusal for what does not exist."""
    return ApiError(404, "OBJECT_NOT_FOUND", message, **more)


def missing_ids(kind: str, ids: list[str], trace: str | None = None) -> ApiError:
    """The 207 entry of ids that do not exist or are deleted."""
    context = {"ids": ids} | ({"objectWriteTraceId": [trace]} if trace else {})
    message = f"Could not get some {kind.upper()} objects, they may be deleted or not exist. Check that ids are valid."
    return ApiError(404, "OBJECT_NOT_FOUND", message, context=context)


def unauthorized() -> ApiError:
    """No token, or one that never was."""
    return ApiError(
        401,
        "INVALID_AUTHENTICATION",
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more "
        "details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
    )


def expired(at: str, seconds: int) -> ApiError:
    """A token that has ended."""
    return ApiError(
        401,
        "EXPIRED_AUTHENTICATION",
        f"The OAuth token used to make this call expired {seconds} second(s) ago.",
        context={"expire time": [at]},
    )


def missing_scopes(scopes: list[str]) -> ApiError:
    """A token that lacks a scope; any one of them would do."""
    return ApiError(
        403,
        "MISSING_SCOPES",
        "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: "
        f"{SCOPES_PAGE}.",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": scopes},
            }
        ],
        links={"scopes": SCOPES_PAGE},
    )


def rate_limited(policy: str, group: str) -> ApiError:
    """Too many calls: TEN_SECONDLY_ROLLING, SECONDLY or DAILY."""
    more = {"errorType": "RATE_LIMIT", "policyName": policy, "groupName": group}
    return ApiError(429, "RATE_LIMITS", f"You have reached your {policy.lower()} limit.", more=more)
