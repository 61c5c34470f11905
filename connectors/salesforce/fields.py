"""Our fields as an admin's set-up makes them: label, help for reps, type. One list for API, export and check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from model.sync import OUR_FIELDS, READ_FIELDS

if TYPE_CHECKING:
    from connectors.salesforce.settings import SalesforceSettings

SYNC, SYNC_LABEL = "Sluicegate_Sync", "Sluicegate Sync"
READER, READER_LABEL = "Sluicegate_Reader", "Sluicegate Reader"
EXEMPT, EXEMPT_LABEL = "Sluicegate_Sync_Exempt", "Sluicegate Sync Exempt"
SYNC_ABOUT: Final = "For the user that Sluicegate logs in as: reads and writes Sluicegate's fields on opportunities."
READER_ABOUT: Final = "For sales people: sees what Sluicegate found, and may pause it with a date and a reason."
EXEMPT_ABOUT: Final = (
    "Held by the Sluicegate Sync user. In a validation rule, AND(NOT($Permission.Sluicegate_Sync_Exempt), …) lets "
    "Sluicegate write its own fields on deals that the rule would refuse."
)
_WRITTEN: Final = "Written by Sluicegate; edits are put back."


def _number(digits: int) -> dict[str, Any]:
    return {"type": "Number", "precision": digits, "scale": 0}


def _text(length: int) -> dict[str, Any]:
    return {"type": "Text", "length": length}


def _choice(*values: str) -> dict[str, Any]:
    listed = [{"fullName": value, "default": False, "label": value} for value in values]
    return {
        "type": "Picklist",
        "valueSet": {"restricted": True, "valueSetDefinition": {"sorted": False, "value": listed}},
    }


KINDS: Final[dict[str, dict[str, Any]]] = {
    "score": _number(3),
    "flag_count": _number(3),
    "worst_severity": _choice("none", "info", "warning", "critical"),
    "top_flag": _text(80),
    "flag_ids": _text(255),
    "reasons": {"type": "LongTextArea", "length": 32768, "visibleLines": 6},
    "gate": _choice("clear", "ready", "waiting", "breached", "unknown"),
    "missing": _text(255),
    "next_act": _text(255),
    "flagged_since": {"type": "Date"},
    "checked": _text(255),
    "pause_until": {"type": "Date"},
    "pause_reason": _text(255),
}
_WORDS: Final[dict[str, tuple[str, str]]] = {
    "score": ("Hygiene Score", "How well this deal is kept, 0 to 100. It is not a chance of winning."),
    "flag_count": ("Flags", "How many things on this deal ask for your attention."),
    "worst_severity": ("Worst Flag", "How serious the most serious flag is."),
    "top_flag": ("Top Flag", "The flag to look at first. Reports can group by it."),
    "flag_ids": ("Flag Ids", "Which policies flag this deal, as ;a;b;. Filter a list with: contains ;a;"),
    "reasons": ("Flag Reasons", "Why this deal is flagged, worst first, and what clears each flag."),
    "gate": ("Stage Gate", "Whether this deal has what its stage asks for: clear, ready, waiting or breached."),
    "missing": ("Missing for Next Stage", "What is still to be done before this deal can move on."),
    "next_act": ("Next Best Act", "The one act that would raise the score most."),
    "flagged_since": ("Flagged Since", "Since when the oldest flag stands."),
    "checked": ("Could Not Check", "What could not be judged on this deal, and why."),
    "pause_until": (
        "Pause Flags Until",
        "Pausing flags? Enter the last day here, at most 30 days ahead, and a reason.",
    ),
    "pause_reason": ("Pause Reason", "Why flags on this deal may wait. Without a reason nothing is paused."),
}


def names(settings: SalesforceSettings) -> dict[str, str]:
    """Every field of ours → its API name on this connection."""
    every = {**settings.writes, **settings.reads}
    return {ours: every[ours] for ours in (*OUR_FIELDS, *READ_FIELDS) if ours in every}


def metadata(ours: str) -> dict[str, Any]:
    """A CustomField's metadata, the same for Tooling API and source format."""
    label, help_text = _WORDS[ours]
    about = "Written by sales people, read by Sluicegate." if ours in READ_FIELDS else _WRITTEN
    return {**KINDS[ours], "label": label, "inlineHelpText": help_text, "description": about, "required": False}


def may_edit(permission_set: str, ours: str) -> bool:
    """Whether a permission set may edit a field: our user ours, reps the pause fields."""
    return (ours in READ_FIELDS) == (permission_set == READER)
