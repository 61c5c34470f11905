"""Our fields on the record: which exist, which may be written, and how HubSpot keeps them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.hubspot.client import convert as to
from connectors.shared.push import our_fields
from connectors.shared.push.our_fields import RULES
from model.sync import FieldRule

if TYPE_CHECKING:
    from connectors.hubspot.client.convert import Converter
    from connectors.hubspot.client.schema import CrmField, Schema
    from connectors.hubspot.settings import HubspotSettings

LONGEST = 65_536
"""The documented length of a text property."""


def rule(our_field: str, field: CrmField) -> FieldRule:
    """How a property keeps one of our fields. HubSpot has no lengths, so a text is cut to our field's length."""
    match field.type:
        case "number":
            return FieldRule("number", RULES[our_field].length)
        case "enumeration":
            return FieldRule("choice")
        case "date" | "datetime":
            return FieldRule("date")
        case _:
            meant = RULES[our_field]
            wide = field.field_type in {"textarea", "html"}
            return FieldRule("long_text" if wide else "text", meant.length or LONGEST)


def readable(schema: Schema, settings: HubspotSettings) -> dict[str, CrmField]:
    """Our fields that can be read, the pause fields among them: our name → property."""
    return our_fields.readable(settings, schema.field)


def writable(schema: Schema, settings: HubspotSettings) -> dict[str, CrmField]:
    """Those of `writes` that exist and may be written."""
    return our_fields.writable(settings, schema.field)


def converter(field: CrmField) -> Converter:
    """The last read value of one of our fields, in canonical form, as a JSON value; HubSpot sends texts."""
    kind = {"number": "number", "date": "date", "datetime": "date"}.get(field.type, "text")
    how = FieldRule(kind)  # type: ignore[arg-type]

    def convert(value: Any) -> Any:
        if value is None:
            return None
        given = to.date_of(value) if kind == "date" else Decimal(value) if kind == "number" else value
        return our_fields.as_json(how, given)

    return convert
