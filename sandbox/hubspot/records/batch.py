"""Batch calls on records: read, create, update, upsert, archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.hubspot.api.answers import complete, inputs, mixed
from sandbox.hubspot.api.call import Call, Reply
from sandbox.hubspot.associations.with_records import link_new
from sandbox.hubspot.errors import ApiError, invalid, missing_ids, not_found
from sandbox.hubspot.records import checks, merging, writes
from sandbox.hubspot.records.api import accept, check_unique, survivor
from sandbox.hubspot.records.shown import View
from sandbox.hubspot.schema.definitions import kind_of, single

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.hubspot.records.table import Record

MOST, MOST_WITH_HISTORY = 100, 50


def read(call: Call, name: str) -> Reply:
    """POST batch/read: ids, or values of a unique property; what is missing makes it a 207."""
    kind, body = kind_of(name), call.json()
    history = list(body.get("propertiesWithHistory") or [])
    wanted = inputs(body, MOST)
    if history and len(wanted) > MOST_WITH_HISTORY:
        raise invalid(
            f"The maximum number of inputs supported in a batch request for property histories is {MOST_WITH_HISTORY}. "
            f"Received {len(wanted)}."
        )
    archived = call.yes("archived")
    shown = View(call.portal, kind, list(body.get("properties") or []), history)
    results, missing = {}, []
    for each in wanted:
        record = _find(call, kind, each, body.get("idProperty"))
        if record is None and call.portal.settings.merged_read:
            record = survivor(call.portal.shelves[kind], _key(each))
        if record is None or (record.archived_at is not None) != archived:
            missing.append(_key(each))
        else:
            results[record.id] = shown.of(record)
    return complete(call, list(results.values()), [missing_ids(single(kind), missing)] if missing else [])


def _key(each: dict[str, Any]) -> str:
    if "id" not in each:
        raise invalid("Invalid input JSON: each input needs an id")
    return str(each["id"])


def _find(call: Call, kind: str, each: dict[str, Any], by: str | None = None) -> Record | None:
    """The record of an input; one that was merged away is not found."""
    key, prop = _key(each), each.get("idProperty") or by
    if prop and prop == "hs_object_id" and each.get("idProperty"):
        check_unique(call, kind, prop)
    if prop and prop != "hs_object_id":
        check_unique(call, kind, prop)
        return checks.by_unique(call.portal, kind, prop, key)
    record = call.portal.shelves[kind].find(key)
    return None if record is None or record.merged_into is not None else record


def update(call: Call, name: str) -> Reply:
    """POST batch/update: a 207 lists ids that do not exist, but not those that were merged away."""
    kind = kind_of(name)
    wanted = inputs(call.json(), MOST)
    _no_twins([(_key(each), each.get("idProperty")) for each in wanted])
    errors: list[ApiError] = []
    todo: list[tuple[dict[str, Any], Record]] = []
    for each in wanted:
        record = _find(call, kind, each)
        if record is not None and record.archived_at is None:
            todo.append((each, record))
        elif not _merged_away(call, kind, _key(each)):
            trace = each.get("objectWriteTraceId")
            errors.append(missing_ids(single(kind), [_key(each)], trace))
            tried = each.get("properties") or {}
            writes.log(call.portal, kind, call.actor, "update", None, values=tried, outcome="OBJECT_NOT_FOUND")
    if errors and call.portal.settings.missing_refuses:
        ids = [key for error in errors for key in (error.context or {}).get("ids", [])]
        raise missing_ids(single(kind), ids)
    traced = call.portal.settings.traced_updates and _traced(wanted)
    ready = _each(todo, lambda each, record: accept(call, kind, record, each.get("properties")), errors, traced=traced)
    results = [_applied(call, kind, each, record, values) for (each, record), values in ready]
    return complete(call, results, errors)


def _merged_away(call: Call, kind: str, key: str) -> bool:
    record = call.portal.shelves[kind].find(key)
    return record is not None and record.merged_into is not None


def _applied(call: Call, kind: str, each: dict[str, Any], record: Record, values: dict[str, str]) -> dict[str, Any]:
    writes.apply(call.portal, kind, record, call.actor, values)
    return _result(call, kind, each, record, values)


def _result(call: Call, kind: str, each: dict[str, Any], record: Record, values: dict[str, str]) -> dict[str, Any]:
    trace = {"objectWriteTraceId": each["objectWriteTraceId"]} if each.get("objectWriteTraceId") else {}
    return View(call.portal, kind, list(values)).of(record) | trace


def _no_twins(keys: list[Any]) -> None:
    if len(set(keys)) < len(keys):
        twins = sorted({str(key[0]) for key in keys if keys.count(key) > 1})
        raise invalid(f"Duplicate IDs found in batch input: [{', '.join(twins)}]. IDs must be unique")


def _traced(wanted: list[dict[str, Any]]) -> bool:
    """Whether every input has a trace id of its own; twins among them are refused."""
    traces = [each.get("objectWriteTraceId") for each in wanted]
    if any(traces) and len({t for t in traces if t}) < sum(1 for t in traces if t):
        raise invalid("Duplicate objectWriteTraceIds found in batch input")
    return all(traces)


def _each(todo: list[Any], check: Callable[..., Any], errors: list[ApiError], *, traced: bool) -> list[Any]:
    """Check all before any is written; untraced, the first refusal is that of the whole call."""
    ready, refused = [], []
    for item in todo:
        try:
            ready.append((item, check(*item)))
        except ApiError as error:
            refused.append(error)
            if traced:
                context = {"objectWriteTraceId": [item[0]["objectWriteTraceId"]]}
                errors.append(error.within(context))
    if refused and not traced:
        raise mixed(refused)
    return ready


def create(call: Call, name: str) -> Reply:
    """POST batch/create."""
    kind = kind_of(name)
    wanted = inputs(call.json(), MOST)
    errors: list[ApiError] = []

    def check(each: dict[str, Any]) -> tuple[dict[str, str], Callable[[Record], None]]:
        values = checks.dated(kind, checks.checked(call.portal, kind, each.get("properties", {}), None))
        return values, link_new(call, kind, each.get("associations") or [])

    ready = _each([(each,) for each in wanted], check, errors, traced=_traced(wanted))
    results = []
    for (each,), (values, link) in ready:
        record = writes.create(call.portal, kind, call.actor, values)
        link(record)
        results.append(_result(call, kind, each, record, values))
    return complete(call, results, errors, status=201)


def upsert(call: Call, name: str) -> Reply:
    """POST batch/upsert: by a unique property."""
    kind = kind_of(name)
    wanted = inputs(call.json(), MOST)
    _no_twins([(_key(each), each.get("idProperty")) for each in wanted])
    errors: list[ApiError] = []
    todo = [(each, _find(call, kind, each)) for each in wanted]
    for each, record in todo:
        if record is None and not each.get("idProperty"):
            raise not_found(f"{single(kind)} {each['id']} does not exist, and no idProperty says what it is")

    def check(each: dict[str, Any], record: Record | None) -> dict[str, str]:
        own = {each["idProperty"]: each["id"]} if each.get("idProperty") and record is None else {}
        return checks.checked(call.portal, kind, {**own, **(each.get("properties") or {})}, record)

    results = []
    for (each, record), values in _each(todo, check, errors, traced=_traced(wanted)):
        if record is None:
            made = writes.create(call.portal, kind, call.actor, values)
            results.append({**_result(call, kind, each, made, values), "new": True})
        else:
            results.append({**_applied(call, kind, each, record, values), "new": False})
    return complete(call, results, errors)


def archive(call: Call, name: str) -> Reply:
    """POST batch/archive: 204, whatever was there."""
    kind = kind_of(name)
    for each in inputs(call.json(), MOST):
        record = _find(call, kind, each)
        if record is not None and record.archived_at is None:
            merging.archive(call.portal, kind, record, call.actor)
    return Reply(None, 204)
