"""What permission sets grant, one row at a time; what is there already is left as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connectors.salesforce.client.faults import Refused
from connectors.salesforce.client.windows import id_list

if TYPE_CHECKING:
    from connectors.salesforce.client.client import Client

_THERE: Final = {"DUPLICATE_DEVELOPER_NAME", "DUPLICATE_VALUE"}
_FIELD_ACCESS: Final = "sobjects/FieldPermissions"


def create(admin: Client, path: str, body: dict[str, Any]) -> str | None:
    """The id of what was made; None where it was there already."""
    try:
        return str(admin.rest(path, "POST", body)["id"])
    except Refused as error:
        if error.code in _THERE:
            return None
        raise


def granted(admin: Client, entity: str, sets: list[str]) -> dict[tuple[str, str], dict[str, Any]]:
    """Rows of field access by permission set and field."""
    query = (
        "SELECT Id, ParentId, Field, PermissionsRead, PermissionsEdit FROM FieldPermissions "
        f"WHERE SobjectType = '{entity}' AND ParentId IN ({id_list(sets)})"
    )
    return {(row["ParentId"], row["Field"]): row for row in admin.rows(query)}


def grant(admin: Client, parent: str, field: str, edit: bool, row: dict[str, Any] | None) -> bool:
    """Let a permission set read a field, and edit it or not; whether that changed anything."""
    rights = {"PermissionsRead": True, "PermissionsEdit": edit}
    if row is None:
        body = {"ParentId": parent, "SobjectType": field.partition(".")[0], "Field": field, **rights}
        return _field_access(admin, body) is not None
    if all(row[right] == value for right, value in rights.items()):
        return False
    admin.rest(f"sobjects/FieldPermissions/{row['Id']}", "PATCH", rights)
    return True


def _field_access(admin: Client, body: dict[str, Any]) -> str | None:
    """A row of field access; the set is granted read access to the object first if the org requires it."""
    try:
        return create(admin, _FIELD_ACCESS, body)
    except Refused as error:
        asks = error.code == "FIELD_INTEGRITY_EXCEPTION" and "permission" in error.message.lower()
        if not asks or body["SobjectType"] != "Opportunity":
            raise
    for entity in ("Account", "Opportunity"):  # opportunities are read with their accounts
        edit = entity == "Opportunity" and body["PermissionsEdit"]
        _object_access(admin, body["ParentId"], entity, edit=edit)
    return create(admin, _FIELD_ACCESS, body)


def _object_access(admin: Client, parent: str, entity: str, *, edit: bool) -> None:
    where = f"ParentId = '{parent}' AND SobjectType = '{entity}'"
    found = admin.rows(f"SELECT Id, PermissionsEdit FROM ObjectPermissions WHERE {where}")
    if not found:
        rights = {"PermissionsRead": True, "PermissionsEdit": edit}
        create(admin, "sobjects/ObjectPermissions", {"ParentId": parent, "SobjectType": entity, **rights})
    elif edit and not found[0]["PermissionsEdit"]:
        admin.rest(f"sobjects/ObjectPermissions/{found[0]['Id']}", "PATCH", {"PermissionsEdit": True})
