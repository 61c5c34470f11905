"""Our fields on the record, whatever the CRM: what each holds, its label, and its help for reps."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from model.sync import OUR_FIELDS, READ_FIELDS, FieldRule, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LINE: Final = FieldRule("text", 255)
_DAY: Final = FieldRule("date")

RULES: Final[dict[str, FieldRule]] = {
    "score": FieldRule("number", 3),
    "flag_count": FieldRule("number", 3),
    "worst_severity": FieldRule("choice"),
    "top_flag": FieldRule("text", 80),
    "flag_ids": _LINE,
    "reasons": FieldRule("long_text", 32768),
    "gate": FieldRule("choice"),
    "missing": _LINE,
    "next_act": _LINE,
    "flagged_since": _DAY,
    "checked": _LINE,
    "pause_until": _DAY,
    "pause_reason": _LINE,
}
"""How each is kept where the CRM lets us say: digits of a number, letters of a text."""
CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "worst_severity": ("none", "info", "warning", "critical"),
    "gate": ("clear", "ready", "waiting", "breached", "unknown"),
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


class Named(Protocol):
    """Settings of a connection, as far as our fields go: our name → the CRM's."""

    @property
    def writes(self) -> Mapping[str, str]:
        """Fields that we write."""

    @property
    def reads(self) -> Mapping[str, str]:
        """Fields that reps write."""


def names(settings: Named) -> dict[str, str]:
    """Each of our fields → its name on this connection, in the order of the record."""
    every = {**settings.writes, **settings.reads}
    return {our_field: every[our_field] for our_field in (*OUR_FIELDS, *READ_FIELDS) if our_field in every}


class Writable(Protocol):
    """A field of the CRM, as far as writing goes."""

    @property
    def writable(self) -> bool:
        """Whether our user may edit it."""


FieldT = TypeVar("FieldT")
WritableT = TypeVar("WritableT", bound=Writable)


def readable(settings: Named, find: Callable[[str], FieldT | None]) -> dict[str, FieldT]:
    """Our fields that can be read, the pause fields among them: our name → field; `find` gives the field of a name."""
    found = {our_field: find(name) for our_field, name in {**settings.writes, **settings.reads}.items()}
    return {our_field: field for our_field, field in found.items() if field}


def writable(settings: Named, find: Callable[[str], WritableT | None]) -> dict[str, WritableT]:
    """Those of `writes` that exist and may be edited by our user."""
    seen = readable(settings, find)
    return {
        our_field: seen[our_field] for our_field in settings.writes if our_field in seen and seen[our_field].writable
    }


def as_json(rule: FieldRule, value: Any) -> str | int | None:
    """The last read value of one of our fields, in canonical form, as a JSON value."""
    kept = canonical(rule, value)
    return kept.isoformat() if isinstance(kept, date) else kept


def label(our_field: str) -> str:
    """The field's label."""
    return _WORDS[our_field][0]


def help_text(our_field: str) -> str:
    """The field's help text for reps."""
    return _WORDS[our_field][1]


def about(our_field: str) -> str:
    """The field's description for admins."""
    if our_field in READ_FIELDS:
        return "Written by sales people, read by Sluicegate."
    return "Written by Sluicegate; edits are put back."
