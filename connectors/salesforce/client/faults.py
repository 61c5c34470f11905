"""What Salesforce's refusals mean, by error code (docs/salesforce-api.md), never by HTTP status alone.

Each is one of the model's errors, so that what nobody here handles reaches the worker as what to do next.

RetryLater
├── Transient      worth another attempt now, with back-off (connectors.shared.client.retries)
├── QuerySlow      QUERY_TIMEOUT, OPERATION_TOO_LARGE (activities of too many records): ask for less
├── CursorLost     INVALID_QUERY_LOCATOR: read the slice again
└── ApiOff         API_DISABLED_FOR_ORG, API_CURRENTLY_DISABLED: for our user, or for this part of the API
AccessRefused
├── SessionEnded   401: log in once more
└── Refused        a code that no repetition changes
    ├── ColumnGone INVALID_FIELD: describe again
    └── ObjectGone INVALID_TYPE, NOT_FOUND
"""

from __future__ import annotations

from typing import Any, Final

from connectors.shared.client.retries import Transient
from connectors.shared.client.shapes import sentence
from model.errors import AccessRefused, BudgetSpent, RetryLater, SluicegateError

HOURS: Final = 4 * 3600.0
_AGAIN: Final = {"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION"}
_SESSION: Final = {"INVALID_SESSION_ID", "INVALID_AUTH_HEADER"}
_CLOSED: Final = {"API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED"}
_SERVER: Final = 500
_AGAIN_STATUS: Final = {408, 429}
_TOO_LONG: Final = {414, 431}


class QuerySlow(RetryLater):
    """The query ran out of time; a smaller window may not."""


class CursorLost(RetryLater):
    """The pages of this query are gone; ask again from the last row read."""


class ApiOff(RetryLater):
    """The org has switched its API off."""


class TooMany(SluicegateError):
    """A query has more rows than should be read page by page."""


class SessionEnded(AccessRefused):
    """The token is no longer valid."""


class Refused(AccessRefused):
    """Salesforce refused with `code` and `message`; the same request will be refused again."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(f"Salesforce refuses the request: {message} ({code})")


class ColumnGone(Refused):
    """A field does not exist, or our user may no longer see it."""


class ObjectGone(Refused):
    """An object or path does not exist, or our user may not see it."""


class TooLong(Refused):
    """The address is longer than Salesforce accepts."""


def code_of(content: Any) -> tuple[str, str]:
    """(code, message) of an error body; ("", text) where it is no list of errors, such as a proxy's HTML page."""
    first = content[0] if isinstance(content, list) and content else content
    if not isinstance(first, dict):
        return "", sentence(first)
    return str(first.get("errorCode") or first.get("statusCode") or "")[:80], sentence(first.get("message") or "")


def fault(status: int, content: Any) -> SluicegateError:
    """The error to raise for a reply with this status and parsed body."""
    code, message = code_of(content)
    reason = f"{message} ({code or f'HTTP {status}'})"
    if code == "REQUEST_LIMIT_EXCEEDED":
        return _limit(message)
    if code in _SESSION or status == 401:  # noqa: PLR2004 - 401 is its own name
        return SessionEnded(f"Salesforce no longer accepts our session: {reason}.")
    if code in _CLOSED:
        return ApiOff(f"Salesforce has switched its API off: {reason}. Ask an admin of the org.", HOURS)
    return _by_code(code, message) or _by_status(status, code, reason)


def _limit(message: str) -> SluicegateError:
    if "concurrent" in message.lower():
        return Transient(f"Too many long requests run in this org at once: {message}")
    return BudgetSpent(f"The org's daily API calls are used up: {message} They come back within 24 hours.")


def _by_code(code: str, message: str) -> SluicegateError | None:
    match code:
        case "QUERY_TIMEOUT" | "OPERATION_TOO_LARGE":
            return QuerySlow(f"A query ran out of time: {message}")
        case "INVALID_QUERY_LOCATOR":
            return CursorLost(f"Salesforce has lost the pages of a query: {message}")
        case "INVALID_FIELD":
            return ColumnGone(code, message)
        case "INVALID_TYPE" | "NOT_FOUND":
            return ObjectGone(code, message)
        case _:
            return None


def _by_status(status: int, code: str, reason: str) -> SluicegateError:
    if code in _AGAIN or status >= _SERVER or status in _AGAIN_STATUS:
        return Transient(f"Salesforce is out of order: {reason}.")
    if status in _TOO_LONG:
        return TooLong(code or f"HTTP {status}", "the address is too long")
    return Refused(code or f"HTTP {status}", reason)
