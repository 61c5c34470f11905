"""Every CRM as an office: name → a context that opens it."""

from __future__ import annotations

from tests.offices.hubspot import hubspot
from tests.offices.salesforce import salesforce

OFFICES = {"salesforce": salesforce, "hubspot": hubspot}
