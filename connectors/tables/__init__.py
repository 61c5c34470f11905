"""Exported reports: files in, a findings file out. `CRM` is all that the rest of the house uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.shared.crm import Crm
from connectors.tables.connection import TEMPLATE, TablesConnection, reader_settings
from connectors.tables.identity import same_id

if TYPE_CHECKING:
    from connectors.protocol import Connector
    from connectors.shared.opening import Opening


def _open(connection: TablesConnection, opening: Opening) -> Connector:
    from connectors.tables.connector import TablesConnector

    return TablesConnector(reader_settings(connection, opening), opening.clock)


CRM = Crm(
    TablesConnection,
    _open,
    TEMPLATE,
    no_rules="'{name}' is an exported report; only a CRM has rules that an admin can set.",
    same_id=same_id,
)
