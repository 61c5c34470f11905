"""Our fields on the record: which exist, which may be written, and how HubSpot keeps them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.hubspot.client import convert as to
from connectors.shared.our_fields import RULES
from model.sync import FieldRule, canonical

if TYPE_CHECKING:
    from connectors.hubspot.client.convert import Converter
    from connectors.hubspot.client.schema import CrmField, Schema
    from connectors.hubspot.settings import HubspotSettings

LONGEST = 65_536
"""Letters that a text property is said to hold."""


def rule(ours: str, field: CrmField) -> FieldRule:
    """How a property keeps one of our fields: HubSpot has no lengths, so a text is cut as ours are meant to be."""
    match field.type:
        case "number":
            return FieldRule("number", RULES[ours].length)
        case "enumeration":
            return FieldRule("choice")
        case "date" | "datetime":
            return FieldRule("date")
        case _:
            meant = RULES[ours]
            wide = field.field_type in {"textarea", "html"}
            return FieldRule("long_text" if wide else "text", meant.length or LONGEST)


def readable(schema: Schema, settings: HubspotSettings) -> dict[str, CrmField]:
    """Our fields that can be read, the pause fields among them: our name → property."""
    wanted = {**settings.writes, **settings.reads}
    found = {ours: schema.field(path) for ours, path in wanted.items()}
    return {ours: field for ours, field in found.items() if field}


def writable(schema: Schema, settings: HubspotSettings) -> dict[str, CrmField]:
    """Those of `writes` that exist and may be written."""
    seen = readable(schema, settings)
    return {ours: seen[ours] for ours in settings.writes if ours in seen and seen[ours].writable}


def converter(field: CrmField) -> Converter:
    """A value of ours as last read, in canonical form, as JSON can carry it; all of them come as texts."""
    kind = {"number": "number", "date": "date", "datetime": "date"}.get(field.type, "text")
    how = FieldRule(kind)  # type: ignore[arg-type]

    def convert(value: Any) -> Any:
        given = to.date_of(value) if kind == "date" else Decimal(value) if kind == "number" else value
        kept = canonical(how, given)
        return kept.isoformat() if isinstance(kept, date) else kept

    return convert
