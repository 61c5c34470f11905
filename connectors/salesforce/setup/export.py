"""The same set-up as Salesforce source format, for an admin's own pipeline: `sf project deploy start`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from connectors.salesforce.setup import fields
from connectors.shared.push import our_fields
from connectors.shared.setup.export_folder import write_files
from model.sync import OUR_FIELDS

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.salesforce.settings import SalesforceSettings
    from model.sync import Remark

_SPACE: Final = "http://soap.sforce.com/2006/04/metadata"
_MAIN: Final = "force-app/main/default"
_DEAL: Final = f"{_MAIN}/objects/Opportunity"
_README: Final = """# Sluicegate's set-up for Salesforce

Deploy with `sf project deploy start --source-dir force-app`, then

1. assign the permission set *Sluicegate Sync* to the user that Sluicegate logs in as,
2. assign *Sluicegate Reader* to your sales people,
3. copy the section in `layout-section.xml` into your own Opportunity layout, where you want reps to see it
   (a layout that we shipped would replace yours),
4. where policies are to make tasks (`docs/revops.md`, Enforce), assign *Sluicegate Actions* to the user that
   Sluicegate logs in as, too; leave it out otherwise,
5. where a validation rule refuses Sluicegate's writes, put `NOT($Permission.Sluicegate_Sync_Exempt)` into it.

The list view *Flagged deals* and the report *Flags by owner* come along; leave them out if you do not want them.
"""


def export(settings: SalesforceSettings, folder: Path) -> list[Remark]:
    """Write everything below `folder`, replacing what an earlier export wrote there."""
    return write_files(files(settings), folder)


def files(settings: SalesforceSettings) -> dict[str, str]:
    """Path → content of every file of the export."""
    named = our_fields.names(settings)
    made = {"README.md": _README, "sfdx-project.json": _project(settings.api_version)}
    for our_field, api_name in named.items():
        body = {"fullName": api_name, **fields.metadata(our_field)}
        made[f"{_DEAL}/fields/{api_name}.field-meta.xml"] = xml("CustomField", body)
    made[f"{_DEAL}/listViews/Sluicegate_Flagged.listView-meta.xml"] = xml("ListView", _list_view(named))
    for name, label, about in (
        (fields.SYNC, fields.SYNC_LABEL, fields.SYNC_ABOUT),
        (fields.READER, fields.READER_LABEL, fields.READER_ABOUT),
    ):
        body = _permission_set(name, label, about, named)
        made[f"{_MAIN}/permissionsets/{name}.permissionset-meta.xml"] = xml("PermissionSet", body)
    key = {"fullName": settings.task_key, **fields.task_key()}
    made[f"{_MAIN}/objects/Activity/fields/{settings.task_key}.field-meta.xml"] = xml("CustomField", key)
    path = f"{_MAIN}/permissionsets/{fields.ACTIONS}.permissionset-meta.xml"
    made[path] = xml("PermissionSet", _for_actions(settings.task_key))
    exempt = {"label": fields.EXEMPT_LABEL, "description": fields.EXEMPT_ABOUT, "isLicensed": False}
    made[f"{_MAIN}/customPermissions/{fields.EXEMPT}.customPermission-meta.xml"] = xml("CustomPermission", exempt)
    made[f"{_MAIN}/reports/Sluicegate.reportFolder-meta.xml"] = xml("ReportFolder", _folder())
    made[f"{_MAIN}/reports/Sluicegate/Flags_by_owner.report-meta.xml"] = xml("Report", _report(named))
    made["layout-section.xml"] = xml("Layout", {"layoutSections": _section(named)})
    return made


def xml(root: str, body: dict[str, Any]) -> str:
    """A metadata file; lists become repeated elements, members stand in the order that Salesforce writes."""
    top = ET.Element(root, xmlns=_SPACE)
    _fill(top, body)
    ET.indent(top, "    ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(top, encoding="unicode") + "\n"


def _fill(parent: ET.Element, body: dict[str, Any]) -> None:
    for name in sorted(body, key=lambda one: (one != "fullName", one)):
        values = body[name] if isinstance(body[name], list) else [body[name]]
        for value in values:
            child = ET.SubElement(parent, name)
            if isinstance(value, dict):
                _fill(child, value)
            else:
                child.text = str(value).lower() if isinstance(value, bool) else str(value)


def _project(version: str) -> str:
    return (
        '{\n  "packageDirectories": [{"path": "force-app", "default": true}],\n'
        f'  "name": "sluicegate",\n  "sourceApiVersion": "{version}"\n}}\n'
    )


def _permission_set(name: str, label: str, about: str, named: dict[str, str]) -> dict[str, Any]:
    rights = [
        {"editable": fields.may_edit(name, our_field), "field": f"Opportunity.{api_name}", "readable": True}
        for our_field, api_name in sorted(named.items(), key=lambda pair: pair[1])
    ]
    body = {"label": label, "description": about, "hasActivationRequired": False, "fieldPermissions": rights}
    if name == fields.SYNC:
        body["customPermissions"] = {"enabled": True, "name": fields.EXEMPT}
    return body


def _for_actions(key: str) -> dict[str, Any]:
    return {
        "label": fields.ACTIONS_LABEL, "description": fields.ACTIONS_ABOUT, "hasActivationRequired": False,
        "fieldPermissions": {"editable": True, "field": f"Task.{key}", "readable": True},
        "userPermissions": {"enabled": True, "name": fields.EDIT_TASKS},
    }  # fmt: skip


def _list_view(named: dict[str, str]) -> dict[str, Any]:
    own = [named[our_field] for our_field in ("score", "top_flag", "next_act", "flagged_since") if our_field in named]
    body: dict[str, Any] = {
        "fullName": "Sluicegate_Flagged",
        "columns": ["OPPORTUNITY.NAME", "OPPORTUNITY.STAGE_NAME", "OPPORTUNITY.CLOSE_DATE", "CORE.USERS.ALIAS", *own],
        "filterScope": "Everything",
        "label": "Flagged deals",
    }
    if "flag_count" in named:
        body["filters"] = {"field": named["flag_count"], "operation": "greaterThan", "value": 0}
    return body


def _folder() -> dict[str, Any]:
    return {"accessType": "Public", "name": "Sluicegate", "publicFolderAccess": "ReadOnly"}


def _report(named: dict[str, str]) -> dict[str, Any]:
    own = [f"Opportunity.{named[our_field]}" for our_field in ("score", "flag_count", "top_flag") if our_field in named]
    return {
        "columns": [{"field": field} for field in ("OPPORTUNITY_NAME", "STAGE_NAME", "AMOUNT", "CLOSE_DATE", *own)],
        "format": "Summary",
        "groupingsDown": {"dateGranularity": "Day", "field": "FULL_NAME", "sortOrder": "Asc"},
        "name": "Flags by owner",
        "params": [{"name": "open", "value": "open"}, {"name": "probability", "value": "0"}],
        "reportType": "Opportunity",
        "scope": "organization",
        "showDetails": True,
        "timeFrameFilter": {"dateColumn": "CLOSE_DATE", "interval": "INTERVAL_CUSTOM"},
    }


def _section(named: dict[str, str]) -> dict[str, Any]:
    items = [
        {"behavior": "Readonly" if our_field in OUR_FIELDS else "Edit", "field": api_name}
        for our_field, api_name in named.items()
    ]
    middle = (len(items) + 1) // 2
    return {
        "customLabel": True,
        "detailHeading": True,
        "editHeading": True,
        "label": "Sluicegate",
        "layoutColumns": [{"layoutItems": items[:middle]}, {"layoutItems": items[middle:]}],
        "style": "TwoColumnsTopToBottom",
    }
