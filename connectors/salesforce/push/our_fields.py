"""Our fields on the record: which exist, which may be written, and how Salesforce keeps them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from connectors.shared.push import our_fields
from model.sync import FieldRule

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
    return our_fields.readable(settings, partial(schema.field, ENTITY))


def writable(schema: Schema, settings: SalesforceSettings) -> dict[str, CrmField]:
    """Those of `writes` that exist and may be edited by our user."""
    return our_fields.writable(settings, partial(schema.field, ENTITY))


def converter(field: CrmField) -> Converter:
    """The last read value of one of our fields, in canonical form, as a JSON value."""
    return partial(our_fields.as_json, rule(field))
