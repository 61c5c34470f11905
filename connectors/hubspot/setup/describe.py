"""What the connection can do, as a Description: facts, writable fields, choices, types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.hubspot.client.faults import Refused
from connectors.hubspot.pull import activities, deals, pipelines
from connectors.hubspot.pull.history import FOLLOWED
from connectors.hubspot.push import our_fields
from connectors.shared.pull.mapping import column_paths, standard_facts, type_of
from model.sync import Description, FieldHistory, Source

if TYPE_CHECKING:
    from connectors.hubspot.client.client import Client
    from connectors.hubspot.client.schema import CrmField, Schema
    from connectors.hubspot.settings import HubspotSettings

_NOT_GIVEN: Final = {"region", "record_type"}
"""Facts that HubSpot's records do not give; by mapping or the people file only."""
_ALWAYS: Final = {"id", "stage_name", "pipeline", "is_closed", "is_won", "currency", "account_id", "last_edit"}


def feeds(client: Client, schema: Schema, settings: HubspotSettings) -> frozenset[str]:
    """The feeds that our app may read; HubSpot keeps the history of every property."""
    del client
    found = {"stage_history", "date_history"} if schema.fields() else set()
    if schema.fields("contacts"):
        found.add("contact_roles")
    sources = settings.activity.sources
    if sources and all(schema.fields(activities.KINDS[source].type) for source in sources):
        found.add("activities")
    return frozenset(found)


def known_facts(client: Client, schema: Schema, settings: HubspotSettings) -> frozenset[str]:
    """Facts this connection maps. A fact with an unreadable property stays among them; it is unknown, not dormant."""
    have = set(deals.COLUMNS) | _ALWAYS | feeds(client, schema, settings)
    paths = column_paths(deals.COLUMNS, settings)
    have -= {name for name in deals.OPTIONAL if name not in settings.fields and not schema.field(paths[name])}
    return standard_facts(have, _NOT_GIVEN, settings.fields)


def describe(client: Client, schema: Schema, settings: HubspotSettings) -> Description:
    """A Description but for user, currency and zone."""
    read = [*deals.columns(schema, settings, client.account.zone), *deals.mapped_facts(schema, settings)]
    choices = {m.name: m.field.choices for m in read if m.field and m.field.choices}
    for name in ("forecast_category", "owner_id", "currency"):
        choices.pop(name, None)
    return Description(
        mapped=known_facts(client, schema, settings),
        writes={name: our_fields.rule(name, field) for name, field in our_fields.writable(schema, settings).items()},
        choices=choices | _stages(client),
        types={m.name: type_of(m.name, m.field) for m in deals.mapped_facts(schema, settings)},
        sources={m.name: source(m.field, m.when_blank) for m in read if m.field},
        history=FieldHistory(always=followed(schema, settings)),
    )  # fmt: skip


def followed(schema: Schema, settings: HubspotSettings) -> frozenset[str]:
    """Fields with a fully read history; a portal with one currency has it on every deal."""
    facts = {fact.name for fact in deals.mapped_facts(schema, settings) if fact.field}
    fixed = set() if schema.field(deals.CURRENCY[0]) else {"currency"}
    return frozenset({*FOLLOWED, "pipeline", "stage_name", "is_closed", "is_won", *facts, *fixed})


def source(field: CrmField, when_blank: bool | str | float | None) -> Source:
    """A property as a Source."""
    return Source(field.path, field.type, field.label, settable=field.writable, when_blank=when_blank)


def _stages(client: Client) -> dict[str, tuple[str, ...]]:
    """Labels of pipelines and stages; none where our app may not see them."""
    try:
        known = pipelines.read(client)
    except Refused:
        return {}
    stages = dict.fromkeys(str(stage["label"]) for stage in known.stages.values() if stage["is_active"])
    return {"pipeline": tuple(dict.fromkeys(known.labels.values())), "stage_name": tuple(stages)}
