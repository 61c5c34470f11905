"""Object types and property definitions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.hubspot.clock import iso
from sandbox.hubspot.errors import ApiError, invalid

KINDS: Final[dict[str, tuple[str, str]]] = {
    "deals": ("0-3", "deal"),
    "contacts": ("0-1", "contact"),
    "companies": ("0-2", "company"),
    "calls": ("0-48", "call"),
    "emails": ("0-49", "email"),
    "meetings": ("0-47", "meeting_event"),
    "notes": ("0-46", "note"),
    "tasks": ("0-27", "task"),
}
"""Object type to its type id and its name in associations and messages."""
ENGAGEMENTS: Final = ("calls", "emails", "meetings", "notes", "tasks")
_ALIASES = {"meeting": "meetings", "company": "companies"}
_NAMES = {
    alias: kind for kind, (number, single) in KINDS.items() for alias in (kind, number, single, kind.removesuffix("s"))
} | _ALIASES
FITS: Final[dict[str, frozenset[str]]] = {
    "string": frozenset({"text", "textarea", "html", "phonenumber", "file", "calculation_equation"}),
    "number": frozenset({"number", "calculation_equation"}),
    "date": frozenset({"date"}),
    "datetime": frozenset({"date"}),
    "enumeration": frozenset({"select", "radio", "checkbox", "booleancheckbox", "calculation_equation"}),
    "bool": frozenset({"booleancheckbox", "calculation_equation"}),
    "phone_number": frozenset({"phonenumber"}),
}
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_MOST_NAME = 100


def kind_of(text: str) -> str:
    """The object type that a path names in any of its ways; raises a refusal."""
    found = _NAMES.get(text.lower())
    if found is None:
        raise invalid(f"Unable to infer object type from: {text}")
    return found


def single(kind: str) -> str:
    """`deal` for `deals`."""
    return KINDS[kind][1]


def modified(kind: str) -> str:
    """The name of the property that holds the date of the last change."""
    return "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"


@dataclass
class Property:
    """One property of an object type. Instants are milliseconds."""

    name: str
    type: str
    field_type: str
    label: str = ""
    group: str = ""
    description: str = ""
    options: list[dict[str, Any]] = field(default_factory=list)
    display_order: int = -1
    unique: bool = False
    hidden: bool = False
    form_field: bool = False
    calculated: bool = False
    read_only: bool = False
    own: bool = False
    """Made by the customer, not by HubSpot."""
    external_options: bool = False
    refers_to: str | None = None
    currency_property: str | None = None
    formula: str | None = None
    created: int = 0
    updated: int = 0
    archived_at: int | None = None

    @property
    def values(self) -> list[str]:
        """The values of its options."""
        return [str(option["value"]) for option in self.options]

    def body(self) -> dict[str, Any]:
        """As the API shows it."""
        found: dict[str, Any] = {
            "updatedAt": iso(self.updated),
            "createdAt": iso(self.created),
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "description": self.description,
            "groupName": self.group,
            "options": self.options,
            "displayOrder": self.display_order,
            "calculated": self.calculated,
            "externalOptions": self.external_options,
            "archived": self.archived_at is not None,
            "hasUniqueValue": self.unique,
            "hidden": self.hidden,
            "modificationMetadata": self._may(),
            "formField": self.form_field,
            "dataSensitivity": "non_sensitive",
        }
        return found | self._sometimes()

    def _may(self) -> dict[str, bool]:
        locked = {"readOnlyDefinition": not self.own, "readOnlyValue": self.read_only or self.calculated}
        return {"archivable": self.own, **locked, **({"readOnlyOptions": not self.own} if self.options else {})}

    def _sometimes(self) -> dict[str, Any]:
        found: dict[str, Any] = {} if self.own else {"hubspotDefined": True}
        if self.refers_to:
            found["referencedObjectType"] = self.refers_to
        if self.currency_property:
            found |= {"showCurrencySymbol": True, "currencyPropertyName": self.currency_property}
        if self.formula:
            found["calculationFormula"] = self.formula
        if self.archived_at is not None:
            found["archivedAt"] = iso(self.archived_at)
        return found


@dataclass
class Group:
    """A group of properties."""

    name: str
    label: str
    display_order: int = -1
    archived: bool = False

    def body(self) -> dict[str, Any]:
        """As the API shows it."""
        values = {"name": self.name, "label": self.label, "displayOrder": self.display_order}
        return {"archived": self.archived, **values}


def check_name(name: Any) -> str:
    """A property's or group's name; raises a refusal."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > _MOST_NAME:
        raise invalid(
            f'Property name "{name}" is invalid. Names must start with a letter and hold lower case letters, numbers '
            "and underscores only.",
            sub="PropertyValidationError.INVALID_PROPERTY_NAME",
        )
    return name


def check_fit(kind: Any, field_type: Any) -> None:
    """Whether a type and its field type go together; raises a refusal."""
    if kind not in FITS:
        raise invalid(f"Invalid property type {kind}; it must be one of {sorted(FITS)}")
    if field_type not in FITS[kind]:
        raise invalid(f"Invalid fieldType {field_type} for a property of type {kind}")


def conflict(what: str, name: str) -> ApiError:
    """The refusal of a name that is taken; `what` is Property or Group."""
    sub = f"Properties.{what.upper()}_WITH_NAME_EXISTS"
    return ApiError(409, "OBJECT_ALREADY_EXISTS", f"A {what.lower()} named '{name}' already exists.", sub=sub)
