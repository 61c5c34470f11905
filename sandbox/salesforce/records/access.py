"""Who sees and edits what: permission sets (each profile owns one), field permissions, custom permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.salesforce.records.table import Row, Table
    from sandbox.salesforce.schema.fields import Field, ObjectType

MANAGE_FIELDS = "PermissionsCustomizeApplication"
MANAGE_SETS = "PermissionsManageProfilesPermissionsets"
MODIFY_ALL = "PermissionsModifyAllData"
EDIT_TASKS = "PermissionsEditTask"


class Access:
    """Answers about rights, always from the rows as they stand."""

    def __init__(self, tables: dict[str, Table]) -> None:
        self._tables = tables
        self.hidden: dict[str, set[str]] = {}
        """`Object.Field` to the user ids that no longer see it; `*` hides it from everybody."""
        self.unseen: dict[tuple[str, str], Callable[[Row], bool]] = {}
        """(user id, object) to a test that is true for rows hidden from that user."""
        self._fields: dict[tuple[str, str], dict[str, bool]] = {}

    def changed(self) -> None:
        """Forget what was worked out: some permission row was written."""
        self._fields.clear()

    def sets_of(self, user_id: str) -> list[Row]:
        """The permission sets assigned to a user, that of the profile among them."""
        assigned = self._tables["PermissionSetAssignment"].where("AssigneeId", user_id)
        sets = self._tables["PermissionSet"].rows
        return [sets[a["PermissionSetId"]] for a in assigned if not a["IsDeleted"]]

    def has(self, user_id: str, right: str) -> bool:
        """Whether one of the user's permission sets holds this right."""
        return any(row[right] for row in self.sets_of(user_id))

    def fields(self, user_id: str, entity: ObjectType) -> dict[str, bool]:
        """Names of the fields that the user sees, each with whether field security lets them edit it."""
        key = (user_id, entity.name)
        if key not in self._fields:
            granted = self._granted(user_id, entity.name)
            seen = ((f.name, self._editable(f, granted)) for f in entity.fields.values())
            gone = {n for n, users in self.hidden.items() if users & {user_id, "*"}}
            self._fields[key] = {n: edit for n, edit in seen if edit is not None and f"{entity.name}.{n}" not in gone}
        return self._fields[key]

    def _editable(self, field: Field, granted: dict[str, bool]) -> bool | None:
        """None: not visible, as custom fields are until a permission set grants them, unless required."""
        if not field.custom or field.required:
            return True
        return granted.get(field.name)

    def _granted(self, user_id: str, entity: str) -> dict[str, bool]:
        sets = {row["Id"] for row in self.sets_of(user_id)}
        granted: dict[str, bool] = {}
        for row in self._tables["FieldPermissions"].where("SobjectType", entity):
            if row["ParentId"] in sets and not row["IsDeleted"]:
                name = row["Field"].partition(".")[2]
                granted[name] = granted.get(name, False) or row["PermissionsEdit"]
        return granted

    def custom_permissions(self, user_id: str) -> set[str]:
        """Developer names of the custom permissions that the user holds."""
        sets = {row["Id"] for row in self.sets_of(user_id)}
        named = self._tables["CustomPermission"].rows
        items = self._tables["SetupEntityAccess"].alive()
        return {
            named[i["SetupEntityId"]]["DeveloperName"]
            for i in items
            if i["ParentId"] in sets and i["SetupEntityId"] in named
        }

    def sees(self, user_id: str, entity: str, row: Row) -> bool:
        """Whether sharing lets the user see this row."""
        unseen = self.unseen.get((user_id, entity))
        return unseen is None or not unseen(row)
