"""The properties API: definitions, batches of them, and their groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.hubspot.api.answers import complete, inputs
from sandbox.hubspot.api.call import Call, Reply
from sandbox.hubspot.errors import ApiError, invalid, not_found
from sandbox.hubspot.schema.definitions import Property, check_fit, check_name, conflict, kind_of

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal

_MOST = 100
_KEYS = {key: key for key in ("label", "description", "hidden", "options", "type")} | {
    "groupName": "group",
    "displayOrder": "display_order",
    "formField": "form_field",
    "fieldType": "field_type",
    "calculationFormula": "formula",
}
_ONCE = {"hasUniqueValue": "unique", "externalOptions": "external_options", "referencedObjectType": "refers_to"}
_NEEDED = ("name", "label", "type", "fieldType", "groupName")


def list_all(call: Call, name: str) -> Reply:
    """GET: all properties of an object type, no pages; archived ones only when asked for."""
    archived = call.yes("archived")
    known = call.portal.properties[kind_of(name)].values()
    return Reply({"results": [p.body() for p in known if (p.archived_at is not None) == archived]})


def get_one(call: Call, name: str, key: str) -> Reply:
    """GET one."""
    return Reply(_found(call.portal, kind_of(name), key, archived=call.yes("archived")).body())


def _found(portal: Portal, kind: str, key: str, *, archived: bool = False) -> Property:
    known = portal.properties[kind].get(key)
    if known is None or (known.archived_at is not None) != archived:
        raise not_found(f"Property {key} does not exist")
    return known


def create_one(call: Call, name: str) -> Reply:
    """POST one: 201, also where an archived one of this name comes back as it was."""
    return Reply(made(call, kind_of(name), call.json()).body(), 201)


def made(call: Call, kind: str, given: dict[str, Any]) -> Property:
    """A new property, or the archived one of its name; raises the 400 or 409."""
    missing = [key for key in _NEEDED if not given.get(key)]
    if missing:
        raise invalid(f"Some required fields were not set: [{', '.join(missing)}]")
    name, portal = check_name(given["name"]), call.portal
    known = portal.properties[kind].get(name)
    if known is not None and known.archived_at is None:
        raise conflict("Property", name)
    if known is not None:
        known.archived_at, known.updated = None, portal.clock.ms()
        return known
    now = portal.clock.ms()
    new = Property(name, given["type"], given["fieldType"], own=True, created=now, updated=now)
    for key, attribute in _ONCE.items():
        setattr(new, attribute, given.get(key) or getattr(new, attribute))
    _take(portal, kind, new, given)
    portal.properties[kind][name] = new
    return new


def _take(portal: Portal, kind: str, known: Property, given: dict[str, Any]) -> None:
    """Set what is given; raises before anything is set."""
    check_fit(given.get("type", known.type), given.get("fieldType", known.field_type))
    group = given.get("groupName", known.group)
    if group not in portal.groups[kind] or portal.groups[kind][group].archived:
        raise invalid(
            f"Property group {group} does not exist", sub="PropertyValidationError.PROPERTY_GROUP_DOESNT_EXIST"
        )
    final = _options(given, known)
    if given.get("type", known.type) == "enumeration" and not final and not known.external_options:
        raise invalid("Enumeration properties need options")
    for key, attribute in _KEYS.items():
        if key in given:
            setattr(known, attribute, given[key])
    known.options = final


def _options(given: dict[str, Any], known: Property) -> list[dict[str, Any]]:
    """A list that is given replaces the old one as a whole."""
    if given.get("options") is None:
        if given.get("type", known.type) == "bool" and not known.options:
            given = {"options": [{"label": "Yes", "value": "true"}, {"label": "No", "value": "false"}]}
        else:
            return known.options
    found = []
    for place, each in enumerate(given["options"]):
        if not isinstance(each, dict) or not each.get("label") or each.get("value") in {None, ""}:
            raise invalid("Property option needs a label and a value")
        base = {"displayOrder": place, "hidden": False, "description": ""}
        found.append({**base, **{k: v for k, v in each.items() if v is not None}})
    for key in ("value", "label"):
        if len({str(each[key]) for each in found}) < len(found):
            raise invalid(f"Property option {key}s must be unique", sub="PropertyValidationError.DUPLICATE_OPTION")
    return found


def update_one(call: Call, name: str, key: str) -> Reply:
    """PATCH one."""
    kind = kind_of(name)
    known = _found(call.portal, kind, key)
    given = call.json()
    if not known.own and given.keys() & {"type", "fieldType", "groupName"}:
        raise invalid(f"Property {key} is defined by HubSpot; its definition cannot be changed")
    _take(call.portal, kind, known, given)
    known.updated = call.portal.clock.ms()
    return Reply(known.body())


def archive_one(call: Call, name: str, key: str) -> Reply:
    """DELETE one: 204 for what is archived already, too."""
    _archive(call.portal, kind_of(name), key, quiet=False)
    return Reply(None, 204)


def _archive(portal: Portal, kind: str, key: str, *, quiet: bool) -> None:
    known = portal.properties[kind].get(key)
    if known is None:
        if quiet:
            return
        raise not_found(f"Property {key} does not exist")
    if not known.own:
        raise invalid(f"Property {key} is defined by HubSpot and cannot be archived")
    if known.archived_at is None:
        known.archived_at = portal.clock.ms()


def batch_create(call: Call, name: str) -> Reply:
    """POST batch/create: one that fails makes it a 207, the others are made."""
    kind = kind_of(name)
    results, errors = [], []
    for each in inputs(call.json(), _MOST):
        try:
            results.append(made(call, kind, each).body())
        except ApiError as error:
            errors.append(error.within({"name": [str(each.get("name"))]}))
    return complete(call, results, errors, status=201)


def batch_read(call: Call, name: str) -> Reply:
    """POST batch/read by names."""
    kind, body = kind_of(name), call.json()
    results, errors = [], []
    for each in inputs(body, _MOST):
        try:
            found = _found(call.portal, kind, str(each.get("name")), archived=bool(body.get("archived")))
            results.append(found.body())
        except ApiError as error:
            errors.append(error.within({"name": [str(each.get("name"))]}))
    return complete(call, results, errors)


def batch_archive(call: Call, name: str) -> Reply:
    """POST batch/archive: 204, whatever was there."""
    for each in inputs(call.json(), _MOST):
        _archive(call.portal, kind_of(name), str(each.get("name")), quiet=True)
    return Reply(None, 204)
