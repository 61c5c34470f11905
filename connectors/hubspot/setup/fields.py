"""Our properties as an admin's set-up makes them, the same for API, export and check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connectors.shared.push.our_fields import CHOICES, RULES, about, help_text, label, names

if TYPE_CHECKING:
    from connectors.shared.push.our_fields import Named

GROUP: Final = "sluicegate"
GROUP_LABEL: Final = "Sluicegate"
_TYPES: Final = {
    "number": ("number", "number"),
    "date": ("date", "date"),
    "choice": ("enumeration", "select"),
    "long_text": ("string", "textarea"),
    "text": ("string", "text"),
}
"""Our field type → HubSpot's type and field type."""

SYNC_SCOPES: Final = {
    "crm.objects.deals.read": "reads deals",
    "crm.objects.deals.write": "writes our properties on deals",
    "crm.schemas.deals.read": "reads pipelines and which properties exist",
    "crm.objects.owners.read": "reads owners",
    "crm.objects.contacts.read": "reads contacts, calls, meetings, notes and tasks",
    "crm.objects.companies.read": "reads company names",
    "sales-email-read": "reads which mails were sent and answered",
}
"""Scope → what the sync needs it for."""
ACTION_SCOPE: Final = "crm.objects.contacts.write"
"""For tasks, and only where policies enforce with them: HubSpot keeps activities under contacts."""
TASK_SETUP_SCOPE: Final = "crm.schemas.contacts.write"
LEAD_SCOPES: Final = ("crm.objects.contacts.read",)
"""What reading leads needs; all of it is among SYNC_SCOPES."""
SETUP_SCOPE: Final = "crm.schemas.deals.write"


def group() -> dict[str, Any]:
    """The body that makes our property group."""
    return {"name": GROUP, "label": GROUP_LABEL, "displayOrder": -1}


def definition(our_field: str, name: str) -> dict[str, Any]:
    """The body that makes one of our properties under `name`."""
    kind, field = _TYPES[RULES[our_field].type]
    return {
        "name": name,
        "label": label(our_field),
        "description": f"{help_text(our_field)} {about(our_field)}",
        "groupName": GROUP,
        "type": kind,
        "fieldType": field,
        "formField": False,
        "hasUniqueValue": False,
        "options": options(our_field),
    }


def task_key(name: str) -> dict[str, Any]:
    """The body that makes the property which names our tasks."""
    return {
        "name": name, "label": "Sluicegate Key", "groupName": GROUP, "type": "string", "fieldType": "text",
        "description": "Names the tasks that Sluicegate makes, so that none is made twice.", "formField": False,
        "hasUniqueValue": True, "options": [],
    }  # fmt: skip


def options(our_field: str) -> list[dict[str, Any]]:
    """The choices of one of our properties, in order; none where it is no choice."""
    return [
        {"label": value.capitalize(), "value": value, "displayOrder": place, "hidden": False}
        for place, value in enumerate(CHOICES.get(our_field, ()))
    ]


def definitions(settings: Named) -> dict[str, dict[str, Any]]:
    """Our name → the body that makes the property, in the order of the record."""
    return {our_field: definition(our_field, name) for our_field, name in names(settings).items()}
