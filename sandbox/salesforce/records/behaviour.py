"""What follows from a write, by object: derived fields before it is stored, other rows after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.records import activities, deals
from sandbox.salesforce.records.effects import Effects

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org
    from sandbox.salesforce.records.table import Row


class _Named(Effects):
    """Contacts and users: Name comes from first and last name."""

    def before(self, org: Org, old: Row | None, new: Row, given: set[str]) -> Row:
        del org, old, given
        return {**new, "Name": " ".join(part for part in (new["FirstName"], new["LastName"]) if part)}


class _Leads(_Named):
    """A converted lead is read only."""

    def before(self, org: Org, old: Row | None, new: Row, given: set[str]) -> Row:
        if old and old["IsConverted"]:
            raise ApiError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        return super().before(org, old, new, given)


class _Accounts(Effects):
    """Deleting an account takes its opportunities into the bin."""

    def removed(self, org: Org, user_id: str, old: Row) -> None:
        from sandbox.salesforce.records.writes import remove

        for row in org.tables["Opportunity"].where("AccountId", old["Id"]):
            if not row["IsDeleted"]:
                remove(org, user_id, org.objects["Opportunity"], row)


class _FieldPermissions(Effects):
    """Edit needs read; a row without read is no row; one row a field and permission set."""

    def before(self, org: Org, old: Row | None, new: Row, given: set[str]) -> Row:
        del given
        entity, _, name = str(new["Field"]).partition(".")
        known = org.objects[entity].find(name) if entity in org.objects else None
        if known is None or entity != new["SobjectType"] or known.required:
            raise ApiError(
                "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                f"Field Name: bad value for restricted picklist field: {new['Field']}",
                ["Field"],
            )
        if new["PermissionsEdit"] and not new["PermissionsRead"]:
            raise ApiError(
                "FIELD_INTEGRITY_EXCEPTION", "Permission Edit depends on permission(s): Read", ["PermissionsEdit"]
            )
        if org.settings.fields_need_objects and not _reads(org, new["ParentId"], entity):
            raise ApiError("FIELD_INTEGRITY_EXCEPTION", f"Field access depends on object permission(s): Read {entity}")
        twins = org.tables["FieldPermissions"].where("Field", new["Field"])
        if old is None and any(t["ParentId"] == new["ParentId"] and not t["IsDeleted"] for t in twins):
            raise ApiError(
                "DUPLICATE_VALUE", "duplicate value found: <unknown> duplicates value on record with id: <unknown>"
            )
        return new

    def after(self, org: Org, old: Row | None, new: Row) -> None:
        del old
        if not new["PermissionsRead"]:
            org.tables["FieldPermissions"].swap(new["Id"], None)


def _reads(org: Org, permission_set: str, entity: str) -> bool:
    rows = org.tables["ObjectPermissions"].where("ParentId", permission_set)
    return any(row["SobjectType"] == entity and row["PermissionsRead"] for row in rows)


class _Objects(Effects):
    """Opportunities are read with their accounts."""

    def before(self, org: Org, old: Row | None, new: Row, given: set[str]) -> Row:
        del old, given
        if new["SobjectType"] == "Opportunity" and not _reads(org, new["ParentId"], "Account"):
            message = "Permission Read Opportunity depends on permission(s): Read Account"
            raise ApiError("FIELD_INTEGRITY_EXCEPTION", message)
        return new


class _Unique(Effects):
    """Rows of which there may be one for each pair of values."""

    def __init__(self, *fields: str) -> None:
        self._fields = fields

    def before(self, org: Org, old: Row | None, new: Row, given: set[str]) -> Row:
        del given
        entity = next(o.name for o in org.objects.values() if o.prefix == new["Id"][:3])
        twins = org.tables[entity].where(self._fields[0], new[self._fields[0]])
        key = [new[f] for f in self._fields]
        if old is None and any([t[f] for f in self._fields] == key and not t["IsDeleted"] for t in twins):
            raise ApiError(
                "DUPLICATE_VALUE",
                f"duplicate value found: {self._fields[-1]} duplicates value on record with id: {twins[0]['Id']}",
            )
        return self._filled(new)

    def _filled(self, new: Row) -> Row:
        if "SetupEntityType" in new:
            return {**new, "SetupEntityType": "CustomPermission"}
        if "IsOwnedByProfile" in new:
            return {**new, "IsCustom": True, "Type": "Regular"}
        return {**new, "IsActive": True} if "AssigneeId" in new else new

    def removed(self, org: Org, user_id: str, old: Row) -> None:
        """Permission rows know no bin."""
        del user_id
        for table in org.tables.values():
            if old["Id"] in table.rows:
                table.swap(old["Id"], None)


class _Removed(_FieldPermissions):
    def removed(self, org: Org, user_id: str, old: Row) -> None:
        del user_id
        org.tables["FieldPermissions"].swap(old["Id"], None)


EFFECTS: dict[str, Effects] = {
    "Opportunity": deals.DealEffects(),
    "Task": activities.TaskEffects(),
    "Event": activities.EventEffects(),
    "Contact": _Named(),
    "Lead": _Leads(),
    "User": _Named(),
    "Account": _Accounts(),
    "FieldPermissions": _Removed(),
    "ObjectPermissions": _Objects(),
    "PermissionSet": _Unique("Name"),
    "PermissionSetAssignment": _Unique("AssigneeId", "PermissionSetId"),
    "SetupEntityAccess": _Unique("ParentId", "SetupEntityId"),
    "OpportunityContactRole": Effects(),
}
