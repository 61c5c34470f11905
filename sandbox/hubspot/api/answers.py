"""What batch calls have in common: their inputs, and answers in part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.hubspot.clock import iso
from sandbox.hubspot.errors import ApiError, invalid
from sandbox.web import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.hubspot.api.call import Call

_SHUFFLE = 2_654_435_761


def inputs(body: dict[str, Any], most: int) -> list[dict[str, Any]]:
    """The inputs of a batch; none at all are an empty list; raises the 400 where there are too many."""
    found = body.get("inputs") or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise invalid("Invalid input JSON: inputs must be a list of objects")
    if len(found) > most:
        raise invalid(
            f"The maximum number of inputs supported in a batch request is {most}. Received {len(found)}.",
            context={"inputCount": [str(len(found))], "maxInputCount": [str(most)]},
        )
    return found


def complete(call: Call, results: list[dict[str, Any]], errors: list[ApiError], *, status: int = 200) -> Reply:
    """Results in no order that a caller could rely on; 207 where something failed."""
    now = iso(call.portal.clock.ms())
    body: dict[str, Any] = {"status": "COMPLETE", "results": sorted(results, key=_place)}
    if errors:
        body |= {"numErrors": len(errors), "errors": [error.entry() for error in errors]}
    body |= {"startedAt": now, "completedAt": now}
    return Reply(body, 207 if errors else status)


def answered(call: Call, most: int, one: Callable[[dict[str, Any]], list[dict[str, Any]]], status: int = 200) -> Reply:
    """Answer input by input: `one` gives the results of an input; what it refuses makes the answer a 207."""
    results, errors = [], []
    for each in inputs(call.json(), most):
        try:
            results += one(each)
        except ApiError as error:
            errors.append(error)
    return complete(call, results, errors, status=status)


def _place(result: dict[str, Any]) -> int:
    key = str(result.get("id") or (result.get("from") or {}).get("id") or "")
    return int(key) * _SHUFFLE % 2**32 if key.isdigit() else 0


def mixed(refused: list[ApiError]) -> ApiError:
    """The refusal of a whole call by what is wrong with its inputs."""
    first = refused[0]
    if any(error.category != first.category or error.status != first.status for error in refused):
        return first
    errors = [detail for error in refused for detail in error.errors or []]
    return ApiError(first.status, first.category, first.message, errors=errors or None, context=first.context)
