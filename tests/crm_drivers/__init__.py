"""Every CRM as an office: name → a context that opens it."""

from __future__ import annotations

from tests.crm_drivers.hubspot import hubspot
from tests.crm_drivers.salesforce import salesforce

OFFICES = {"salesforce": salesforce, "hubspot": hubspot}
