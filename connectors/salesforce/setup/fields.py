"""Our fields as an admin's set-up makes them, the same for API, export and check."""

from __future__ import annotations

from typing import Any, Final

from connectors.shared.push.our_fields import CHOICES, RULES, about, help_text, label
from model.sync import READ_FIELDS

SYNC, SYNC_LABEL = "Sluicegate_Sync", "Sluicegate Sync"
READER, READER_LABEL = "Sluicegate_Reader", "Sluicegate Reader"
ACTIONS, ACTIONS_LABEL = "Sluicegate_Actions", "Sluicegate Actions"
EXEMPT, EXEMPT_LABEL = "Sluicegate_Sync_Exempt", "Sluicegate Sync Exempt"
SYNC_ABOUT: Final = "For the user that Sluicegate logs in as: reads and writes Sluicegate's fields on opportunities."
READER_ABOUT: Final = "For sales people: sees what Sluicegate found, and may pause it with a date and a reason."
ACTIONS_ABOUT: Final = (
    "For the user that Sluicegate logs in as, and only where policies enforce: makes and closes tasks of its own."
)
EDIT_TASKS: Final = "EditTask"
"""The right that tasks are made with."""
EXEMPT_ABOUT: Final = (
    "Held by the Sluicegate Sync user. In a validation rule, AND(NOT($Permission.Sluicegate_Sync_Exempt), …) lets "
    "Sluicegate write its own fields on deals that the rule would refuse."
)


def _type(our_field: str) -> dict[str, Any]:
    rule = RULES[our_field]
    match rule.type:
        case "number":
            return {"type": "Number", "precision": rule.length, "scale": 0}
        case "date":
            return {"type": "Date"}
        case "choice":
            return _choice(*CHOICES[our_field])
        case "long_text":
            return {"type": "LongTextArea", "length": rule.length, "visibleLines": 6}
        case _:
            return {"type": "Text", "length": rule.length}


def _choice(*values: str) -> dict[str, Any]:
    listed = [{"fullName": value, "default": False, "label": value} for value in values]
    return {
        "type": "Picklist",
        "valueSet": {"restricted": True, "valueSetDefinition": {"sorted": False, "value": listed}},
    }


def metadata(our_field: str) -> dict[str, Any]:
    """A CustomField's metadata, the same for Tooling API and source format."""
    words = {"label": label(our_field), "inlineHelpText": help_text(our_field), "description": about(our_field)}
    return {**_type(our_field), **words, "required": False}


def task_key() -> dict[str, Any]:
    """The metadata of the field that names our tasks; on Activity, as tasks and events share their fields."""
    about_it = "Names the tasks that Sluicegate makes, so that none is made twice."
    return {
        "type": "Text", "length": 40, "externalId": True, "label": "Sluicegate Key", "description": about_it,
        "required": False,
    }  # fmt: skip


def may_edit(permission_set: str, our_field: str) -> bool:
    """Whether a permission set may edit a field: our user edits our fields, reps the pause fields."""
    return (our_field in READ_FIELDS) == (permission_set == READER)
