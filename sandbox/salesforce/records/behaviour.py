"""What follows from a write, by object: derived fields before it is stored, other rows after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.records import activities, deals

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.salesforce.org import Org
    from sandbox.salesforce.records.table import Row

Before: TypeAlias = "Callable[[Org, Row | None, Row, set[str]], Row]"


@dataclass(frozen=True)
class Effects:
    """What follows for the rows of one object; nothing unless a function is given."""

    before: Before = lambda _org, _old, new, _given: new
    """The row to store: of an org, the old row, the new row and the names of the given fields; may refuse."""
    after: Callable[[Org, Row | None, Row], None] = lambda _org, _old, _new: None
    """Other rows, once it is stored."""
    removed: Callable[[Org, Row], None] = lambda _org, _old: None
    """Other rows, once it is in the bin."""
    children: tuple[tuple[str, str], ...] = ()
    """(object, its field) of the rows that go into the bin with it."""


def _duplicate(what: str, row_id: str) -> ApiError:
    return ApiError("DUPLICATE_VALUE", f"duplicate value found: {what} duplicates value on record with id: {row_id}")


def _named(_org: Org, _old: Row | None, new: Row, _given: set[str]) -> Row:
    """Name comes from first and last name."""
    return {**new, "Name": " ".join(part for part in (new["FirstName"], new["LastName"]) if part)}


def _lead(org: Org, old: Row | None, new: Row, given: set[str]) -> Row:
    """A converted lead is read only."""
    if old and old["IsConverted"]:
        raise ApiError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    return _named(org, old, new, given)


def _field_permission(org: Org, old: Row | None, new: Row, _given: set[str]) -> Row:
    """Edit needs read; a row without read is no row; one row a field and permission set."""
    entity, _, name = str(new["Field"]).partition(".")
    known = org.objects[entity].find(name) if entity in org.objects else None
    if known is None or entity != new["SobjectType"] or known.required:
        message = f"Field Name: bad value for restricted picklist field: {new['Field']}"
        raise ApiError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, ["Field"])
    if new["PermissionsEdit"] and not new["PermissionsRead"]:
        message = "Permission Edit depends on permission(s): Read"
        raise ApiError("FIELD_INTEGRITY_EXCEPTION", message, ["PermissionsEdit"])
    if org.settings.fields_need_objects and not _reads(org, new["ParentId"], entity):
        raise ApiError("FIELD_INTEGRITY_EXCEPTION", f"Field access depends on object permission(s): Read {entity}")
    twins = org.tables["FieldPermissions"].where("Field", new["Field"])
    if old is None and any(t["ParentId"] == new["ParentId"] and not t["IsDeleted"] for t in twins):
        raise _duplicate("<unknown>", "<unknown>")
    return new


def _drop_unread(org: Org, _: Row | None, new: Row) -> None:
    if not new["PermissionsRead"]:
        _erase(org, new)


def _reads(org: Org, permission_set: str, entity: str) -> bool:
    rows = org.tables["ObjectPermissions"].where("ParentId", permission_set)
    return any(row["SobjectType"] == entity and row["PermissionsRead"] for row in rows)


def _object_permission(org: Org, _old: Row | None, new: Row, _given: set[str]) -> Row:
    """Opportunities are read with their accounts."""
    if new["SobjectType"] == "Opportunity" and not _reads(org, new["ParentId"], "Account"):
        message = "Permission Read Opportunity depends on permission(s): Read Account"
        raise ApiError("FIELD_INTEGRITY_EXCEPTION", message)
    return new


def _unique(*fields: str) -> Effects:
    """Rows of which there may be one for each pair of values."""

    def before(org: Org, old: Row | None, new: Row, _: set[str]) -> Row:
        entity = next(o.name for o in org.objects.values() if o.prefix == new["Id"][:3])
        twins = org.tables[entity].where(fields[0], new[fields[0]])
        key = [new[f] for f in fields]
        if old is None and any([t[f] for f in fields] == key and not t["IsDeleted"] for t in twins):
            raise _duplicate(fields[-1], twins[0]["Id"])
        return _filled(new)

    return Effects(before, removed=_erase)


def _filled(new: Row) -> Row:
    if "SetupEntityType" in new:
        return {**new, "SetupEntityType": "CustomPermission"}
    if "IsOwnedByProfile" in new:
        return {**new, "IsCustom": True, "Type": "Regular"}
    return {**new, "IsActive": True} if "AssigneeId" in new else new


def _erase(org: Org, old: Row) -> None:
    """Permission rows know no bin."""
    for table in org.tables.values():
        if old["Id"] in table.rows:
            table.swap(old["Id"], None)


def _unlogged(org: Org, old: Row) -> None:
    activities.after(org, None, old)


EFFECTS: dict[str, Effects] = {
    "Opportunity": Effects(deals.before, deals.after, children=deals.CHILDREN),
    "Task": Effects(activities.before_task, activities.after, _unlogged),
    "Event": Effects(activities.before_event, activities.after, _unlogged),
    "Contact": Effects(_named),
    "Lead": Effects(_lead),
    "User": Effects(_named),
    "Account": Effects(children=(("Opportunity", "AccountId"),)),
    "FieldPermissions": Effects(_field_permission, _drop_unread, _erase),
    "ObjectPermissions": Effects(_object_permission),
    "PermissionSet": _unique("Name"),
    "PermissionSetAssignment": _unique("AssigneeId", "PermissionSetId"),
    "SetupEntityAccess": _unique("ParentId", "SetupEntityId"),
}
NOTHING = Effects()
