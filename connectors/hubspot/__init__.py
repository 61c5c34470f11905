"""HubSpot. `CRM` is all that the rest of the house uses of it; the client is loaded when a connection is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.hubspot.connection import TEMPLATE, HubspotConnection, client_settings
from connectors.hubspot.webhooks import HubspotWebhooks
from connectors.shared.crm import Crm

if TYPE_CHECKING:
    import polars as pl

    from connectors.protocol import Connector
    from connectors.shared.opening import Opening
    from connectors.shared.setup.native_rules import Native
    from model.sync import Description
    from policies.files import PolicySet


def _open(connection: HubspotConnection, opening: Opening) -> Connector:
    from connectors.hubspot.connector import HubspotConnector

    return HubspotConnector(client_settings(connection, opening), **opening.given)


def _native(policies: PolicySet, description: Description, stages: pl.DataFrame, process: str | None = None) -> Native:
    from connectors.hubspot.setup.native import native

    return native(policies, description, stages, process)


CRM = Crm(HubspotConnection, _open, TEMPLATE, _native, webhooks=HubspotWebhooks())
