"""Writing back our fields: collections of at most 200, one outcome a record."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from connectors.salesforce.client.client import Client
from connectors.salesforce.client.faults import Refused
from connectors.salesforce.client.schema import Schema
from connectors.salesforce.push import our_fields
from connectors.salesforce.settings import SalesforceSettings
from connectors.shared.push import write_guard
from connectors.shared.push.halving import by_halves
from connectors.shared.push.push import CrmPush
from model.errors import RetryLater
from model.sync import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.salesforce.client.schema import CrmField
    from model.sync import OutcomeKind, Patch

BATCH: Final = 200
_PATH: Final = "composite/sobjects"
_LOCK_TRIES: Final = 5
_CAP: Final = 20.0
_ROW_LOCK: Final = "UNABLE_TO_LOCK_ROW"
_FIELD: Final = {"INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE"}
ORGS_OWN_CODE: Final = {"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "CANNOT_EXECUTE_FLOW_TRIGGER", "LIMIT_EXCEEDED"}
_WHOLE: Final = {"JSON_PARSER_ERROR", "MALFORMED_ID"}
_ONE: Final = {
    "FIELD_CUSTOM_VALIDATION_EXCEPTION", "STRING_TOO_LONG", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    "REQUIRED_FIELD_MISSING", "NUMBER_OUTSIDE_VALID_RANGE", "INVALID_CROSS_REFERENCE_KEY", "ENTITY_IS_DELETED",
    "ENTITY_IS_LOCKED", "DUPLICATE_VALUE", "DUPLICATES_DETECTED", "FIELD_INTEGRITY_EXCEPTION",
}  # fmt: skip
"""Faults of one record: where a whole call dies of one, the others are innocent."""
_GONE: Final = ("gone", "The deal is gone or hidden from us: {}")
_LATER: Final = ("retry_later", "{}")
_TRIGGER: Final = ("refused", "A trigger or flow of the org fails on it: {}")
MEANING: Final[dict[str, tuple[OutcomeKind, str]]] = {
    "ENTITY_IS_LOCKED": ("locked", "The deal is locked for approval: {}"),
    "ENTITY_IS_DELETED": _GONE,
    "INVALID_CROSS_REFERENCE_KEY": _GONE,
    "NOT_FOUND": _GONE,
    "MALFORMED_ID": _GONE,
    _ROW_LOCK: _LATER,
    "SERVER_UNAVAILABLE": _LATER,
    "UNKNOWN_EXCEPTION": _LATER,
    "REQUEST_LIMIT_EXCEEDED": _LATER,
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": _LATER,
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": ("refused", "A validation rule of the org refuses it: {}"),
    **dict.fromkeys(ORGS_OWN_CODE, _TRIGGER),
}
"""What becomes of a record by its error code; any other code is a refusal in Salesforce's own words."""

Sent: TypeAlias = "dict[str, dict[str, Any]]"
"""Id → Salesforce field → JSON value."""
Result: TypeAlias = tuple[str, str, list[str]]
"""Code ("" where written), message, fields."""


class Push(CrmPush[Client, Schema, SalesforceSettings, Result]):
    """Sends collections."""

    most = BATCH

    def _writable(self) -> dict[str, CrmField]:
        return our_fields.writable(self._schema, self._settings)

    def _value(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value

    def _settle(self, sent: Sent) -> dict[str, Result]:
        """Send, and send again without fields that may not be written, and what was locked."""
        results = self._halving(sent)
        results |= self._without_fields(sent, results)
        for attempt in range(_LOCK_TRIES):
            locked = {key: sent[key] for key, (code, _, _) in results.items() if code == _ROW_LOCK}
            if not locked:
                break
            self._sleep(self._jitter(0.2, min(_CAP, 2.0**attempt)))
            results |= self._halving(locked)
        return results

    def _without_fields(self, sent: Sent, results: Mapping[str, Result]) -> dict[str, Result]:
        """Describe again and leave out what may no longer be written; a record without anything left stays refused."""
        failed = {
            key: fields or _named(message, sent[key])
            for key, (code, message, fields) in results.items()
            if code in _FIELD
        }
        return self._halving(self._still_writable(sent, failed))

    def _halving(self, sent: Sent) -> dict[str, Result]:
        """Send; a batch that dies whole is halved until only the guilty records are refused."""
        if not sent:
            return {}
        try:
            results = self._once(sent)
        except Refused as error:
            if error.code in _FIELD:
                return {key: (error.code, error.message, _named(error.message, body)) for key, body in sent.items()}
            if error.code not in ORGS_OWN_CODE | _WHOLE | _ONE:
                raise
            results, died = {key: (error.code, error.message, []) for key in sent}, True
        else:
            died = all(code in ORGS_OWN_CODE | _WHOLE for code, _, _ in results.values())
        if len(sent) == 1 or not died:
            return results
        return by_halves(sent, self._halving)

    def _once(self, sent: Sent) -> dict[str, Result]:
        records = [{"attributes": {"type": our_fields.ENTITY}, "id": key, **body} for key, body in sent.items()]
        body = {"allOrNone": False, "records": records}
        replies = self._client.rest(_PATH, "PATCH", body, repeatable=False)
        if not isinstance(replies, list) or len(replies) != len(sent):
            raise RetryLater("Salesforce did not answer for every record: read them again before sending them again.")
        return {key: result_of(reply) for key, reply in zip(sent, replies, strict=True)}

    def _outcome(self, patch: Patch, result: Result | None) -> Outcome:
        code, message, _ = result or ("INVALID_FIELD", write_guard.nothing_left(patch), [])
        if not code:
            return Outcome(patch.id, "written")
        return Outcome(patch.id, *meant(code, message))


def _named(message: str, body: Mapping[str, Any]) -> list[str]:
    """The fields of a record that an INVALID_FIELD message names."""
    return [name for name in body if name in message]


def meant(code: str, message: str) -> tuple[OutcomeKind, str]:
    """What becomes of a record by its error code, and the sentence for it."""
    kind, sentence = MEANING.get(code, ("refused", "{}"))
    return kind, f"{sentence.format(message)} ({code})"


def result_of(reply: Mapping[str, Any]) -> Result:
    """The result of one record in a collection call."""
    if reply.get("success"):
        return "", "", []
    errors = reply.get("errors") or [{}]
    first = errors[0]
    code = str(first.get("statusCode") or first.get("errorCode") or "UNKNOWN_EXCEPTION")
    fields = [str(name) for error in errors for name in error.get("fields") or []]
    return code, "; ".join(str(error.get("message") or code) for error in errors), fields
