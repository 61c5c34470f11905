"""Groups of properties."""

from __future__ import annotations

from sandbox.hubspot.api.call import Call, Reply
from sandbox.hubspot.errors import invalid
from sandbox.hubspot.schema.definitions import Group, check_name, conflict, kind_of


def list_all(call: Call, name: str) -> Reply:
    """GET groups."""
    return Reply({"results": [g.body() for g in call.portal.groups[kind_of(name)].values()]})


def create_one(call: Call, name: str) -> Reply:
    """POST groups: 409 where the name is taken."""
    kind, given = kind_of(name), call.json()
    key = check_name(given.get("name"))
    if not given.get("label"):
        raise invalid("Some required fields were not set: [label]")
    if key in call.portal.groups[kind]:
        raise conflict("Group", key)
    made = Group(key, given["label"], int(given.get("displayOrder", -1)))
    call.portal.groups[kind][key] = made
    return Reply(made.body(), 201)
