"""Our fields on the record: which exist, which may be written, and how Salesforce keeps them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from model.sync import FieldRule, canonical

if TYPE_CHECKING:
    from connectors.salesforce.client.convert import Converter
    from connectors.salesforce.client.schema import CrmField, Schema
    from connectors.salesforce.settings import SalesforceSettings

ENTITY: Final = "Opportunity"
_LONG: Final = 255


def rule(field: CrmField) -> FieldRule:
    """How Salesforce keeps a field."""
    match field.type:
        case "double" | "int" | "percent" | "currency":
            return FieldRule("number", field.precision, field.scale)
        case "picklist":
            return FieldRule("choice", field.length)
        case "date":
            return FieldRule("date")
        case _:
            return FieldRule("long_text" if field.length > _LONG else "text", field.length)


def readable(schema: Schema, settings: SalesforceSettings) -> dict[str, CrmField]:
    """Our fields that can be read, the pause fields among them: our name → field."""
    wanted = {**settings.writes, **settings.reads}
    found = {ours: schema.field(ENTITY, path) for ours, path in wanted.items()}
    return {ours: field for ours, field in found.items() if field}


def writable(schema: Schema, settings: SalesforceSettings) -> dict[str, CrmField]:
    """Those of `writes` that exist and may be edited by our user."""
    seen = readable(schema, settings)
    return {ours: seen[ours] for ours in settings.writes if ours in seen and seen[ours].updateable}


def converter(field: CrmField) -> Converter:
    """A value of ours as last read, in canonical form, as JSON can carry it."""
    how = rule(field)

    def convert(value: Any) -> Any:
        kept = canonical(how, value)
        return kept.isoformat() if isinstance(kept, date) else kept

    return convert
