"""The kinds of connection, a line each: the `kind` of the config file, and under `names` in process files, → folder."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from connectors.shared.crm import Crm

KINDS: Final = {
    "salesforce": "connectors.salesforce",
    "hubspot": "connectors.hubspot",
    "tables": "connectors.tables",
}


def crm(kind: str) -> Crm:
    """What the folder of a kind offers; raises KeyError for an unknown kind."""
    found: Crm = import_module(KINDS[kind]).CRM
    return found
