"""Groups of properties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.hubspot.api.call import Call, Reply
from sandbox.hubspot.errors import invalid, not_found
from sandbox.hubspot.schema.definitions import Group, check_name, conflict, kind_of

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal


def list_all(call: Call, name: str) -> Reply:
    """GET groups."""
    return Reply({"results": [g.body() for g in call.portal.groups[kind_of(name)].values() if not g.archived]})


def get_one(call: Call, name: str, key: str) -> Reply:
    """GET a group."""
    return Reply(_found(call.portal, kind_of(name), key).body())


def create_one(call: Call, name: str) -> Reply:
    """POST groups: 409 where the name is taken; an archived one comes back."""
    kind, given = kind_of(name), call.json()
    key = check_name(given.get("name"))
    if not given.get("label"):
        raise invalid("Some required fields were not set: [label]")
    known = call.portal.groups[kind].get(key)
    if known is not None and not known.archived:
        raise conflict("Group", key)
    made = Group(key, given["label"], int(given.get("displayOrder", -1)))
    call.portal.groups[kind][key] = made
    return Reply(made.body(), 201)


def update_one(call: Call, name: str, key: str) -> Reply:
    """PATCH a group's label and place."""
    known, given = _found(call.portal, kind_of(name), key), call.json()
    known.label = given.get("label", known.label)
    known.display_order = given.get("displayOrder", known.display_order)
    return Reply(known.body())


def archive_one(call: Call, name: str, key: str) -> Reply:
    """DELETE a group: refused while it holds active properties."""
    kind = kind_of(name)
    known = _found(call.portal, kind, key)
    if any(p.group == key and p.archived_at is None for p in call.portal.properties[kind].values()):
        raise invalid(
            f"Cannot delete group {key} because it has active properties",
            sub="PropertyGroupError.GROUP_HAS_ACTIVE_PROPERTIES",
        )
    known.archived = True
    return Reply(None, 204)


def _found(portal: Portal, kind: str, key: str) -> Group:
    known = portal.groups[kind].get(key)
    if known is None or known.archived:
        raise not_found(f"Property group {key} does not exist")
    return known
