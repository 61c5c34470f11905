"""Metadata of a custom field, as the Tooling API takes it, into a field."""

from __future__ import annotations

from typing import Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.schema.fields import Field

_KINDS = {
    "Text": "string",
    "LongTextArea": "textarea",
    "Number": "double",
    "Checkbox": "boolean",
    "MultiselectPicklist": "multipicklist",
    "Lookup": "reference",
    **{kind: kind.lower() for kind in ("TextArea", "Currency", "Percent", "Date", "DateTime")},
    **{kind: kind.lower() for kind in ("Picklist", "Url", "Email", "Phone")},
}
_NEEDS = {
    "Text": ("length",),
    "LongTextArea": ("length", "visibleLines"),
    "Number": ("precision", "scale"),
    "Currency": ("precision", "scale"),
    "Percent": ("precision", "scale"),
    "Checkbox": ("defaultValue",),
    "Picklist": ("valueSet",),
    "Lookup": ("referenceTo",),
}
_LENGTHS = {"TextArea": 255, "Picklist": 255, "MultiselectPicklist": 4099, "Url": 255, "Email": 80, "Phone": 40}


def custom_field(name: str, metadata: dict[str, Any]) -> Field:
    """The field that this metadata defines; raises FIELD_INTEGRITY_EXCEPTION where a property is missing."""
    kind = metadata.get("type")
    missing = [p for p in ("label", "type", *_NEEDS.get(str(kind), ())) if metadata.get(p) in (None, "")]
    formula = metadata.get("formula")
    if kind not in _KINDS or not name.endswith("__c") or (missing and not formula):
        raise ApiError(
            "FIELD_INTEGRITY_EXCEPTION", f"Must specify {missing or 'a known type and a name with __c'} for {name}"
        )
    values = metadata.get("valueSet") or {}
    listed = (values.get("valueSetDefinition") or {}).get("value") or []
    return Field(
        name,
        _KINDS[str(kind)],
        length=int(metadata.get("length") or _LENGTHS.get(str(kind), 0)),
        precision=int(metadata.get("precision") or 0),
        scale=int(metadata.get("scale") or 0),
        nillable=kind != "Checkbox" and not metadata.get("required"),
        createable=not formula,
        updateable=not formula,
        calculated=bool(formula),
        filterable=kind != "LongTextArea",
        custom=True,
        restricted=bool(values.get("restricted")),
        picklist=tuple(v.get("fullName") or v.get("label") for v in listed),
        refers_to=(metadata["referenceTo"],) if metadata.get("referenceTo") else (),
        default=str(metadata.get("defaultValue")).lower() == "true" if kind == "Checkbox" else None,
        label=metadata.get("label") or name,
        unique=bool(metadata.get("unique")),
        external=bool(metadata.get("externalId")),
    )
