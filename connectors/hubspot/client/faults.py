"""What HubSpot's refusals mean, decided by status, category and policyName; every field of a body is optional.

Each is one of the model's errors, so that what nobody here handles reaches the worker as what to do next.

RetryLater
├── Transient      429 of a window, 423, 5xx: worth another attempt now (connectors.shared.client.retries)
└── Locked         423 of a write: one record is busy, the others of the call may not be
BudgetSpent        429 DAILY: the account's calls are used up until its midnight
AccessRefused
├── SessionEnded   401: an OAuth token may be renewed once
└── Refused        what no repetition changes; carries category and body
    ├── ScopeMissing   403 MISSING_SCOPES
    ├── ObjectGone     404
    └── TooLong        414: ask for fewer properties in the address
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from connectors.shared.client.retries import Transient, in_doubt
from connectors.shared.client.shapes import sentence
from model.errors import AccessRefused, BudgetSpent, RetryLater, SluicegateError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

LOCKED: Final = 423
_WAITS: Final = {"TEN_SECONDLY_ROLLING": 10.0, "SECONDLY": 1.0}
_LOCKED_WAIT: Final = 2.0
_SERVER: Final = 500
_MIGRATING: Final = 477
_HOUR: Final = 3600.0
_DAY: Final = 86_400.0


class Locked(RetryLater):
    """A record of a write is busy for a moment; nothing of the call was written."""


class SessionEnded(AccessRefused):
    """The token is not or no longer valid."""


class Refused(AccessRefused):
    """HubSpot refused with `category` and `message`; a repeated request will be, too. `body`: the reply."""

    def __init__(self, category: str, message: str, body: Mapping[str, Any] | None = None, status: int = 400) -> None:
        self.category, self.message, self.body, self.status = category, message, dict(body or {}), status
        super().__init__(f"HubSpot refuses the request: {message} ({category})")


class ScopeMissing(Refused):
    """Our app lacks a scope."""


class ObjectGone(Refused):
    """A record or path does not exist."""


class TooLong(Refused):
    """The address is longer than HubSpot accepts."""


def parsed(content: bytes | str | None) -> dict[str, Any]:
    """An error body; {"message": text} where it is no JSON object, such as a proxy's HTML page."""
    try:
        body = orjson.loads(content or b"{}")
    except ValueError:
        body = None
    if isinstance(body, dict):
        return body
    text = content.decode(errors="replace") if isinstance(content, bytes) else str(content)
    return {"message": sentence(text)}


def fault(status: int, body: Mapping[str, Any], headers: Mapping[str, str], midnight: datetime) -> SluicegateError:
    """The error to raise for a reply; `midnight`: when the account's next day begins."""
    category = _category(status, body)
    message = sentence(body.get("message") or body.get("error_description") or "no reason given")
    if status == 429:  # noqa: PLR2004 - too many requests
        return _limit(body, message, headers, midnight)
    return _refusal(status, category, message, body) or _passing(status, f"{message} ({category})", headers)


def _category(status: int, body: Mapping[str, Any]) -> str:
    """OAuth's refusals have their code where others say "error", or under `error` alone as its standard has it."""
    state = body.get("status")
    code = body.get("category") or body.get("errorType") or (state if state != "error" else None) or body.get("error")
    return sentence(code or f"HTTP {status}")


def _limit(body: Mapping[str, Any], message: str, headers: Mapping[str, str], midnight: datetime) -> SluicegateError:
    policy = str(body.get("policyName") or "").upper()
    policy = policy or ("DAILY" if "daily" in message.lower() else "SECONDLY" if " secondly" in message.lower() else "")
    if policy == "DAILY":
        text = f"The account's daily API calls are used up: {message} They come back at its midnight."
        return BudgetSpent(text, midnight)
    return Transient(
        f"HubSpot's limit {policy or 'of calls'} is reached: {message}", _asked(headers) or _WAITS.get(policy, 10.0)
    )


def _refusal(status: int, category: str, message: str, body: Mapping[str, Any]) -> SluicegateError | None:
    match status:
        case 401:
            return SessionEnded(f"HubSpot does not accept our token: {message} ({category}).")
        case 403 if category == "MISSING_SCOPES":
            return ScopeMissing(category, _with_scopes(message, body), body, status)
        case 404:
            return ObjectGone(category, message, body, status)
        case 414 | 431:
            return TooLong(category, "the address is too long", body, status)
        case _ if status < _SERVER and status not in (408, LOCKED, _MIGRATING):
            return Refused(category, message, body, status)
    return None


def _passing(status: int, message: str, headers: Mapping[str, str]) -> SluicegateError:
    if status == _MIGRATING:
        return RetryLater(f"HubSpot is moving this account to another data centre: {message}", _asked(headers) or _HOUR)
    wait = _LOCKED_WAIT if status == LOCKED else 0.0
    return Transient(f"HubSpot is out of order: {message}", _asked(headers) or wait)


def of_write(problem: SluicegateError, status: int) -> SluicegateError:
    """The error to raise where the call must not simply be repeated."""
    if status == LOCKED:
        return Locked(str(problem))
    return in_doubt(str(problem)) if status >= _SERVER else problem


def _asked(headers: Mapping[str, str]) -> float:
    """Seconds of a Retry-After, which may also be an instant; 0 where there is none that can be meant."""
    text = headers.get("Retry-After") or "0"
    try:
        wait = float(text)
    except ValueError:
        wait = _until(text, headers.get("Date") or "")
    return wait if 0 <= wait <= _DAY else 0.0


def _until(instant: str, now: str) -> float:
    try:
        return (parsedate_to_datetime(instant) - parsedate_to_datetime(now)).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return 0.0


def _with_scopes(message: str, body: Mapping[str, Any]) -> str:
    """The message, with the scopes that would help."""
    found: list[str] = []
    for holder in (body, *(body.get("errors") or ())):
        context = holder.get("context") if isinstance(holder, dict) else None
        scopes = context.get("requiredGranularScopes") if isinstance(context, dict) else None
        found += scopes or ()
    return f"{message} Give our app the scopes {', '.join(dict.fromkeys(found))}." if found else message
