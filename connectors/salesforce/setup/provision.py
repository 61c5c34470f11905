"""Setting an org up by API: our fields, two permission sets, the exemption. Asks first, so it can be run again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from connectors.salesforce.client.faults import Refused
from connectors.salesforce.setup import fields
from connectors.salesforce.setup.grants import create, grant, granted
from connectors.shared.push import our_fields
from model.sync import Remark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.salesforce.client.client import Client
    from connectors.salesforce.settings import SalesforceSettings

_SETS: Final = {
    fields.SYNC: (fields.SYNC_LABEL, fields.SYNC_ABOUT),
    fields.READER: (fields.READER_LABEL, fields.READER_ABOUT),
    fields.ACTIONS: (fields.ACTIONS_LABEL, fields.ACTIONS_ABOUT),
}
_RIGHTS: Final = {fields.ACTIONS: {f"Permissions{fields.EDIT_TASKS}": True}}


def provision(admin: Client, settings: SalesforceSettings, sync_user: str | None) -> Iterator[Remark]:
    """Make what is missing, with one sentence each. Stops at the first refusal with a sentence on what to do."""
    if settings.admin is None:
        yield Remark(
            "warning",
            "No admin credentials are given, so the connection's own user sets the org up. It needs Customize "
            f"Application for that and should lose it afterwards; better give [connections.{settings.name}.admin].",
        )
    try:
        yield from _fields(admin, settings)
        sets = {name: _permission_set(admin, name) for name in _SETS}
        yield Remark("ok", f"Permission sets {', '.join(label for label, _ in _SETS.values())} are there.")
        yield from _access(admin, settings, sets)
        yield from _tasks(admin, settings, sets[fields.ACTIONS])
        yield from _exemption(admin, sets[fields.SYNC])
        yield from _assignment(admin, sets[fields.SYNC], sync_user)
    except Refused as error:
        yield Remark(
            "missing",
            f"Set-up stopped: {error.message} ({error.code}). It needs a user with Customize Application, Manage "
            "Profiles and Permission Sets and View Setup; or run provision --export DIR and let an admin deploy it.",
        )
        return
    yield Remark(
        "note",
        f"Where policies are to make tasks, assign {fields.ACTIONS_LABEL} to the user that Sluicegate logs in as; "
        "without it none is made.",
    )
    yield Remark("note", f"Assign {fields.READER_LABEL} to your sales people and put the fields on their page layout.")


def _fields(admin: Client, settings: SalesforceSettings) -> Iterator[Remark]:
    found = _custom_fields(admin, "Opportunity")
    made = []
    for our_field, api_name in our_fields.names(settings).items():
        if api_name.lower() not in found and _create_field(admin, our_field, api_name):
            made.append(api_name)
    every = len(our_fields.names(settings))
    yield Remark("ok", f"{every} fields are on Opportunity; made now: {', '.join(made) or 'none'}.")


def _custom_fields(admin: Client, entity: str) -> set[str]:
    """API names in lower case, those of packages with their namespace."""
    names = "Id, DeveloperName, NamespacePrefix"
    rows = _tooling(admin, f"SELECT {names} FROM CustomField WHERE TableEnumOrId = '{entity}'")
    parts = ((row["NamespacePrefix"], row["DeveloperName"], "c") for row in rows)
    return {"__".join(part for part in some if part).lower() for some in parts}


def _create_field(admin: Client, our_field: str, api_name: str) -> bool:
    body = {"FullName": f"Opportunity.{api_name}", "Metadata": fields.metadata(our_field)}
    return create(admin, "tooling/sobjects/CustomField", body) is not None


def _tooling(admin: Client, soql: str) -> list[dict[str, Any]]:
    reply = admin.rest(f"tooling/query?q={quote(soql)}")
    return list(reply["records"]) if reply else []


def _permission_set(admin: Client, name: str) -> str:
    query = f"SELECT Id FROM PermissionSet WHERE Name = '{name}' AND IsOwnedByProfile = false"
    found = admin.rows(query)
    label, about = _SETS[name]
    if found:
        return str(found[0]["Id"])
    body = {"Name": name, "Label": label, "Description": about, **_RIGHTS.get(name, {})}
    made = create(admin, "sobjects/PermissionSet", body)
    return made or str(admin.rows(query)[0]["Id"])


def _access(admin: Client, settings: SalesforceSettings, sets: dict[str, str]) -> Iterator[Remark]:
    there = granted(admin, "Opportunity", list(sets.values()))
    changed = 0
    for name in (fields.SYNC, fields.READER):
        parent = sets[name]
        for our_field, api_name in our_fields.names(settings).items():
            field, edit = f"Opportunity.{api_name}", fields.may_edit(name, our_field)
            changed += grant(admin, parent, field, edit, there.get((parent, field)))
    yield Remark("ok", f"Field permissions are as they should be; {changed} changed now.")


def _tasks(admin: Client, settings: SalesforceSettings, parent: str) -> Iterator[Remark]:
    """The field that names our tasks, and who may write it; an org that refuses it makes no tasks, all else works."""
    key = settings.task_key
    try:
        if key.lower() not in _custom_fields(admin, "Activity"):
            body = {"FullName": f"Activity.{key}", "Metadata": fields.task_key()}
            create(admin, "tooling/sobjects/CustomField", body)
        field = f"Task.{key}"
        grant(admin, parent, field, edit=True, row=granted(admin, "Task", [parent]).get((parent, field)))
    except Refused as error:
        yield Remark("warning", f"{key} could not be made on activities, so no task can be made: {error.message}.")
        return
    yield Remark("ok", f"{key} is on tasks, for the tasks of policies that enforce.")


def _exemption(admin: Client, parent: str) -> Iterator[Remark]:
    """A custom permission for validation rules. Orgs in which the API cannot make one get it from the export."""
    query = f"SELECT Id FROM CustomPermission WHERE DeveloperName = '{fields.EXEMPT}'"
    try:
        if not admin.rows(query):
            about = {"label": fields.EXEMPT_LABEL, "description": fields.EXEMPT_ABOUT}
            create(admin, "tooling/sobjects/CustomPermission", {"FullName": fields.EXEMPT, "Metadata": about})
        permission = str(admin.rows(query)[0]["Id"])
        where = f"ParentId = '{parent}' AND SetupEntityId = '{permission}'"
        if not admin.rows(f"SELECT Id FROM SetupEntityAccess WHERE {where}"):
            create(admin, "sobjects/SetupEntityAccess", {"ParentId": parent, "SetupEntityId": permission})
    except (Refused, IndexError):
        yield Remark(
            "warning",
            f"The custom permission {fields.EXEMPT} could not be made by API: make it in Setup under Custom "
            f"Permissions and enable it in {fields.SYNC_LABEL}, or deploy it from provision --export.",
        )
        return
    yield Remark("ok", f"Validation rules can leave Sluicegate alone by $Permission.{fields.EXEMPT}.")


def _assignment(admin: Client, parent: str, sync_user: str | None) -> Iterator[Remark]:
    if sync_user is None:
        yield Remark("warning", f"Assign {fields.SYNC_LABEL} to the user that Sluicegate logs in as.")
        return
    where = f"AssigneeId = '{sync_user}' AND PermissionSetId = '{parent}'"
    if not admin.rows(f"SELECT Id FROM PermissionSetAssignment WHERE {where}"):
        body = {"AssigneeId": sync_user, "PermissionSetId": parent}
        create(admin, "sobjects/PermissionSetAssignment", body)
    yield Remark("ok", f"{fields.SYNC_LABEL} is assigned to the user that Sluicegate logs in as.")
