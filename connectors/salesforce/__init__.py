"""Salesforce. `CRM` is all that the rest of the house uses of it; the client is loaded when a connection is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.salesforce.connection import TEMPLATE, SalesforceConnection, client_settings
from connectors.shared.crm import Crm
from connectors.shared.record_ids import full_id

if TYPE_CHECKING:
    import polars as pl

    from connectors.protocol import Connector
    from connectors.shared.opening import Opening
    from connectors.shared.setup.native_rules import Native
    from model.sync import Description
    from policies.files import PolicySet


def _open(connection: SalesforceConnection, opening: Opening) -> Connector:
    from connectors.salesforce.connector import SalesforceConnector

    return SalesforceConnector(client_settings(connection, opening), **opening.given)


def _native(policies: PolicySet, description: Description, stages: pl.DataFrame, process: str | None = None) -> Native:
    from connectors.salesforce.setup.native import native

    return native(policies, description, stages, process)


def _same_id(text: str) -> str:
    """The 18 letters of an id, also of its 15; any other text as it stands."""
    return full_id(text.strip()) or text


CRM = Crm(SalesforceConnection, _open, TEMPLATE, _native, same_id=_same_id)
