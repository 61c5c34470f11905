"""What the connection can do, as a Description: facts, writable fields, choices, types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.salesforce.pull import opportunities as deals
from connectors.salesforce.pull.history import RETENTION_DAYS, TRACKED, Snapshots, tracked_names
from connectors.salesforce.pull.org_tables import organization
from connectors.salesforce.push import our_fields
from connectors.shared.pull.mapping import standard_facts, type_of
from model.sync import Description, FieldHistory, Source

if TYPE_CHECKING:
    from connectors.salesforce.client.client import Client
    from connectors.salesforce.client.schema import CrmField, Schema
    from connectors.salesforce.settings import SalesforceSettings

_NOT_GIVEN: Final = {"region"}
"""Facts that a Salesforce user record does not give; by mapping or the people file only."""


def feeds(client: Client, schema: Schema, settings: SalesforceSettings) -> frozenset[str]:
    """The feeds that our user may read."""
    found = set(Snapshots(client, schema, settings).feeds)
    if schema.entity("OpportunityContactRole"):
        found.add("contact_roles")
    if settings.activity.sources and all(schema.entity(source.capitalize()) for source in settings.activity.sources):
        found.add("activities")
    return frozenset(found)


def known_facts(client: Client, schema: Schema, settings: SalesforceSettings) -> frozenset[str]:
    """Facts this connection maps. A fact with an unreadable field stays among them; it is unknown, not dormant."""
    entity = schema.entity(deals.ENTITY)
    have = set(deals.COLUMNS) | feeds(client, schema, settings)
    if entity and "RecordTypeId" in entity.fields:
        have |= {"pipeline", "record_type"}
    own = settings.currency or organization(client, schema).currency
    if not own and not schema.field(deals.ENTITY, "CurrencyIsoCode"):
        have.discard("currency")
    return standard_facts(have, _NOT_GIVEN, settings.fields)


def describe(client: Client, schema: Schema, settings: SalesforceSettings) -> Description:
    """A Description but for user, currency and zone."""
    mapped = [*deals.columns(schema, settings), *deals.mapped_facts(schema, settings)]
    choices = {m.name: m.field.choices for m in mapped if m.field and m.field.choices and m.name != "forecast_category"}
    entity = schema.entity(deals.ENTITY)
    if entity and entity.record_types:
        choices["record_type"] = entity.record_types
    choices.pop("currency", None)
    return Description(
        mapped=known_facts(client, schema, settings),
        writes={name: our_fields.rule(field) for name, field in our_fields.writable(schema, settings).items()},
        choices=choices,
        types={m.name: type_of(m.name, m.field) for m in deals.mapped_facts(schema, settings)},
        sources={m.name: source(m.field, m.when_blank) for m in mapped if m.field},
        history=field_history(client, schema, settings),
    )


def field_history(client: Client, schema: Schema, settings: SalesforceSettings) -> FieldHistory:
    """OpportunityHistory has its columns since creation, OpportunityFieldHistory what the org tracks."""
    always = set(Snapshots(client, schema, settings).columns)
    if "currency" not in settings.fields and not schema.field(deals.ENTITY, "CurrencyIsoCode"):
        always.add("currency")
    followed = {name for name, _ in tracked_names(schema, settings).values()} | {"pipeline"}
    recent = followed - always if schema.entity(TRACKED) else set()
    return FieldHistory(frozenset(always), frozenset(recent), RETENTION_DAYS)


def source(field: CrmField, when_blank: bool | str | float | None) -> Source:
    """A field as a Source; formulas and fields of parents are not filled in on the deal."""
    return Source(field.path, field.type, field.label, field.length, not field.moves_no_stamp, when_blank)
