"""Creating and changing records: what is checked, what follows, what is logged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.hubspot import deals, engagements
from sandbox.hubspot.clock import iso
from sandbox.hubspot.errors import ApiError, Wrong, invalid, wrong_values
from sandbox.hubspot.portal import Write
from sandbox.hubspot.values import kept

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal
    from sandbox.hubspot.records import Record, Source

MODIFIED = {"contacts": "lastmodifieddate"}
"""The property that tells the last change, where it is not hs_lastmodifieddate."""
_CREATED = dict.fromkeys(("deals", "contacts", "companies"), ("createdate", "hs_createdate"))


_CODES = {True: "MISSING_REQUIRED_PROPERTY", False: "MISSING_CONDITIONAL_REQUIRED_PROPERTY"}


@dataclass(frozen=True)
class Actor:
    """Who writes: how the log calls them, and the source that histories keep."""

    name: str
    source: Source


def modified(kind: str) -> str:
    """The name of the property of the last change."""
    return MODIFIED.get(kind, "hs_lastmodifieddate")


def checked(portal: Portal, kind: str, given: Any, record: Record | None) -> dict[str, str]:
    """The given values as they will be kept; raises the 400 that names every wrong one."""
    if not isinstance(given, dict):
        raise invalid("Invalid input JSON: properties must be an object")
    found: dict[str, str] = {}
    wrong: list[Wrong] = []
    for name, value in given.items():
        before = record.props.get(name, "") if record else ""
        one = _one(portal, kind, name, value, before)
        if isinstance(one, Wrong):
            wrong.append(one)
        else:
            found[name] = one
    if kind == "deals" and not wrong:
        wrong += _place(portal, found, record)
    wrong += _twins(portal, kind, found, record)
    if wrong:
        raise wrong_values(wrong)
    _rules(portal, kind, found, record)
    return found


def _one(portal: Portal, kind: str, name: str, value: Any, before: str) -> str | Wrong:
    known = portal.active(kind, name)
    if known is None:
        return Wrong(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
    if known.calculated or known.read_only:
        return Wrong(name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
    return kept(portal, known, value, before)


def _place(portal: Portal, found: dict[str, str], record: Record | None) -> list[Wrong]:
    """A stage belongs to one pipeline; a new deal without one is in the default pipeline."""
    if not {"dealstage", "pipeline"} & found.keys():
        return []
    before = record.props if record else {}
    pipeline = found.get("pipeline") or before.get("pipeline") or "default"
    stage = found.get("dealstage") or before.get("dealstage", "")
    if stage not in portal.stages or portal.stages[stage][0].id == pipeline:
        return []
    message = f"Stage {stage} is not a valid stage of pipeline {pipeline}"
    return [Wrong("dealstage", "INVALID_OPTION", message)]


def _twins(portal: Portal, kind: str, found: dict[str, str], record: Record | None) -> list[Wrong]:
    """Values of unique properties that another record has."""
    names = [n for n, v in found.items() if v and portal.properties[kind][n].unique]
    wrong = []
    for name in names:
        twin = by_unique(portal, kind, name, found[name])
        if twin and twin is not record:
            message = f"Cannot set PropertyValueCoordinates: {found[name]} is already the {name} of {twin.id}"
            wrong.append(Wrong(name, "CONFLICTING_UNIQUE_VALUE", message))
    return wrong


def by_unique(portal: Portal, kind: str, name: str, value: str) -> Record | None:
    """The living record that has this value of a unique property, without regard to case."""
    low = value.lower()
    return next((r for r in portal.shelves[kind].alive() if r.props.get(name, "").lower() == low), None)


def _rules(portal: Portal, kind: str, found: dict[str, str], record: Record | None) -> None:
    after = {**(record.props if record else {}), **found}
    for rule in portal.rules.values():
        asked = rule.kind == kind and (not rule.on_create or record is None)
        if not asked or (rule.touching and not found.keys() & set(rule.required)) or not rule.hook(after):
            continue
        missing = [name for name in rule.required if not after.get(name)]
        if missing:
            raise _missing(missing, _CODES[rule.on_create])


def lacks(portal: Portal, kind: str, props: dict[str, str]) -> bool:
    """Whether a conditional rule asks for a property that this record has no value of."""
    asked = [rule for rule in portal.rules.values() if rule.kind == kind and not rule.on_create and rule.hook(props)]
    return any(not props.get(name) for rule in asked for name in rule.required)


def _missing(names: list[str], code: str) -> ApiError:
    message = f"Some required properties were not set: [{', '.join(names)}]"
    detail = {"message": message, "code": code, "context": {"properties": names}}
    return invalid(message, errors=[detail], context={"properties": names})


def create(portal: Portal, kind: str, actor: Actor, values: dict[str, str], *, at: int | None = None) -> Record:
    """A new record of checked values."""
    now = portal.clock.ms() if at is None else at
    record = portal.shelves[kind].new(now)
    if kind == "deals":
        values = {"pipeline": "default", **values}
    start = _start(kind, record, actor, values)
    record.props = {**start}
    apply(portal, kind, record, actor, values, at=now, log=False)
    log(portal, kind, actor, "create", record.id, values=values)
    return record


def _start(kind: str, record: Record, actor: Actor, values: dict[str, str]) -> dict[str, str]:
    source = actor.source
    found = {name: iso(record.created) for name in _CREATED.get(kind, ("hs_createdate",)) if name not in values}
    found |= {"hs_object_id": str(record.id), "hs_object_source": source.type, "hs_object_source_label": source.type}
    if source.id:
        found["hs_object_source_id"] = source.id
    if source.user_id is not None:
        found |= {"hs_object_source_user_id": str(source.user_id), "hs_created_by_user_id": str(source.user_id)}
    if source.type == "INTEGRATION":
        found["hs_object_source_detail_1"] = actor.name
    if kind not in _CREATED and source.user_id is not None:
        found["hs_created_by"] = str(source.user_id)
    return found


def apply(
    portal: Portal,
    kind: str,
    record: Record,
    actor: Actor,
    values: dict[str, str],
    *,
    at: int | None = None,
    log: bool = True,
) -> None:
    """Put checked values onto a record, with all that follows from them."""
    now = portal.clock.ms() if at is None else at
    most = portal.settings.versions
    full = deals.given(portal, values, record.props) if kind == "deals" else values
    changed = record.put(full, actor.source, now, most)
    if kind == "deals":
        record.fill(deals.derive(portal, record, changed, now))
    touch(portal, kind, record, now)
    if log:
        _logged(portal, kind, actor, record, values)
    engagements.follow(portal, kind, record, now)


def touch(portal: Portal, kind: str, record: Record, at: int) -> None:
    """Any change, also an internal one, moves the date of the last change."""
    record.moved(modified(kind), at)
    portal.noticed(kind, record)


def calculate(portal: Portal, kind: str, record: Record, values: dict[str, str], at: int | None = None) -> None:
    """What HubSpot works out by itself."""
    if record.fill(values):
        touch(portal, kind, record, portal.clock.ms() if at is None else at)


def _logged(portal: Portal, kind: str, actor: Actor, record: Record, values: dict[str, str]) -> None:
    log(portal, kind, actor, "update", record.id, values=values)


def log(
    portal: Portal,
    kind: str,
    actor: Actor,
    what: str,
    number: int | None,
    *,
    values: dict[str, Any],
    outcome: str = "ok",
) -> None:
    """Note an attempted write."""
    at = iso(portal.clock.ms())
    portal.writes.append(
        Write(at, actor.name, kind, what, None if number is None else str(number), dict(values), outcome)
    )
