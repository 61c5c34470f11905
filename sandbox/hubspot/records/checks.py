"""What is checked before a record is written: names, values, stages, unique values, an admin's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.hubspot.errors import ApiError, Wrong, invalid, wrong_values
from sandbox.hubspot.schema.values import kept

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal
    from sandbox.hubspot.records.table import Record

_CODES = {True: "MISSING_REQUIRED_PROPERTY", False: "MISSING_CONDITIONAL_REQUIRED_PROPERTY"}


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


def dated(kind: str, values: dict[str, str]) -> dict[str, str]:
    """The values of a record that the API makes: a task needs its day there, though not in the screen."""
    if kind == "tasks" and not values.get("hs_timestamp"):
        raise _missing(["hs_timestamp"], _CODES[True])
    return values


def _one(portal: Portal, kind: str, name: str, value: Any, before: str) -> str | Wrong:
    known = portal.active(kind, name)
    if known is None:
        return Wrong(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
    if known.calculated or known.read_only:
        return Wrong(name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
    found = kept(portal, known, value, before)
    return found.lower() if (kind, name) == ("contacts", "email") and isinstance(found, str) else found


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
