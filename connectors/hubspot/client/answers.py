"""The result of each deal in HubSpot's answer to a batch of writes; every field of an answer may be missing.

A call is answered for its inputs one by one (200, 207) or refused as a whole (400, 423 …). Inputs are known again by
the trace id that we gave them, else by the deal's id; a deal without a result was not written.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connectors.hubspot.client.faults import Refused
    from model.sync import OutcomeKind

ABSENT: Final = "ABSENT"
LOCKED: Final = "LOCKED"
MERGED: Final = "MERGED"
NOT_FOUND: Final = "OBJECT_NOT_FOUND"
FIELD: Final = {"PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE"}
"""The property itself cannot be written, whatever the value."""
_BY_VALUE: Final = "INVALID_"
"""How codes begin that refuse a value of a property, on whatever deal it stands."""
_RULES: Final = {"MISSING_CONDITIONAL_REQUIRED_PROPERTY", "MISSING_REQUIRED_PROPERTY"}
UNSENT: Final = "NOT_SENT"
UNSAID: Final = "NOT_ANSWERED"
_WHOLE: Final = {400, 409, 413}
"""Statuses of calls that are refused because of one input."""
_NO_RECORD: Final = 404
_LATER: Final = {"RATE_LIMITS", "INTERNAL_ERROR", "SERVICE_UNAVAILABLE", "TIMEOUT", "CONFLICT", UNSENT, UNSAID}
_GONE: Final = {NOT_FOUND, MERGED, ABSENT}
_NOT_VALID: Final = "Property values were not valid:"

Sent: TypeAlias = "dict[str, dict[str, str]]"
"""Deal → HubSpot property → value."""


InputError: TypeAlias = "tuple[str, str, tuple[str, ...]]"
"""Code, message, properties."""


class Result(NamedTuple):
    """Code ("" if written), HubSpot's message, and the properties that it names."""

    code: str = ""
    message: str = ""
    names: tuple[str, ...] = ()

    @property
    def by_value(self) -> bool:
        """The same value of the same property will be refused on any deal."""
        return self.code.startswith(_BY_VALUE) and bool(self.names)


WRITTEN: Final = Result()


def trace(deal: str) -> str:
    """The trace id of a deal's input: unlike its id, so that an answer for another record cannot be taken for it."""
    return f"sluicegate-{deal}"


def results(reply: Mapping[str, Any], sent: Iterable[str]) -> dict[str, Result]:
    """Deal → result, for every deal that was sent."""
    by_trace = {trace(deal): deal for deal in sent}
    found = dict.fromkeys(by_trace.values(), Result(ABSENT, "it was deleted, or merged into another"))
    for row in reply["results"]:
        deal = by_trace.get(str(row.get("objectWriteTraceId")), str(row["id"]))
        if deal in found:
            found[deal] = WRITTEN if str(row["id"]) == deal else merged(row["id"])
    for error in reply.get("errors") or ():
        whom = meant(error, by_trace) or (found if len(found) == 1 else ())
        found |= dict.fromkeys((deal for deal in whom if deal in found), refusal(error))
    return found


def by_input(error: Refused, ids: Iterable[str]) -> bool:
    """Whether a call was refused as a whole for one of its inputs; a 404 without their ids is a wrong path."""
    return error.status in _WHOLE or (error.status == _NO_RECORD and not set(ids).isdisjoint(meant(error.body, {})))


def merged(survivor: Any) -> Result:
    """The deal was merged into another."""
    return Result(MERGED, f"it was merged into {survivor}")


def refusal(error: Mapping[str, Any], status: int = 0) -> Result:
    """Why an input, or a whole call, was refused; `status`: that of the HTTP reply."""
    errors = _gravest(list(_errors(error)))
    code = errors[0][0] if errors else str(error.get("subCategory") or error.get("category") or f"HTTP {status}")
    text = "; ".join(dict.fromkeys(message for _, message, _ in errors)) or str(error.get("message") or code)
    names = tuple(dict.fromkeys(name for _, _, some in errors for name in some))
    return Result(code, text, names)


def outcome(result: Result) -> tuple[OutcomeKind, str]:
    """What became of a deal, and a sentence for the admin who has to act on it."""
    code, message, names = result
    if not code:
        return "written", ""
    if code in _GONE:
        return "gone", f"The deal is gone or hidden from us: {message} ({code})"
    if code == LOCKED or code in _LATER:
        return "retry_later", f"{message} ({code})"
    if code in _RULES:
        return "refused", _rule(message, names, code)
    return "refused", f"HubSpot refuses it: {message} ({code})"


def _rule(message: str, names: tuple[str, ...], code: str) -> str:
    """The sentence for an admin's rule, which applies to every write to the deal, including our own."""
    wanted = ", ".join(names) or "a property"
    return (
        f"A rule of the portal wants {wanted} filled in before anything on the deal is saved: {message}. Fill it in on "
        f"the deal, or change the rule under Settings, Properties, Conditional logic ({code})"
    )


def _gravest(errors: list[InputError]) -> list[InputError]:
    """Those that are settled first: properties that nobody can write, else those of the first code."""
    return [one for one in errors if one[0] in FIELD] or [one for one in errors if one[0] == errors[0][0]]


def _errors(error: Mapping[str, Any]) -> Iterator[InputError]:
    """Code, message and properties of each thing that is wrong: listed under `errors`, or as JSON in the message."""
    listed = [one for one in error.get("errors") or () if isinstance(one, dict) and one.get("code")]
    for one in listed:
        yield str(one["code"]), str(one.get("message") or one["code"]), _names(one.get("context"))
    for one in () if listed else _in_message(str(error.get("message") or "")):
        code, name = str(one.get("error") or "VALIDATION_ERROR"), one.get("name")
        yield code, str(one.get("message") or code), (str(name),) if name else ()


def _in_message(message: str) -> list[dict[str, Any]]:
    _, found, listed = message.partition(_NOT_VALID)
    try:
        parsed = json.loads(listed) if found else []
    except ValueError:
        return []
    return [one for one in parsed if isinstance(one, dict)] if isinstance(parsed, list) else []


def _names(context: Any) -> tuple[str, ...]:
    return tuple(_listed(context, "propertyName", "missingRequiredProperties", "properties"))


def meant(error: Mapping[str, Any], by_trace: Mapping[str, str]) -> list[str]:
    """The deals that an error of a 207 is about."""
    context = error.get("context")
    traces = [*_listed(context, "objectWriteTraceId"), *_listed(error, "objectWriteTraceId")]
    return [by_trace.get(one, one) for one in traces] or [
        *_listed(context, "ids", "id", "objectId"),
        *_listed(error, "id"),
    ]


def _listed(holder: Any, *keys: str) -> Iterator[str]:
    """The values under `keys`, be they one or several."""
    for key in keys:
        value = holder.get(key) if isinstance(holder, dict) else None
        for one in value if isinstance(value, list) else [value]:
            if one not in (None, ""):
                yield str(one)
