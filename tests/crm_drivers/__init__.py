"""The local CRMs that tests drive: kind → a context manager that opens one."""

from __future__ import annotations

from tests.crm_drivers.hubspot import hubspot
from tests.crm_drivers.salesforce import salesforce

CRM_DRIVERS = {"salesforce": salesforce, "hubspot": hubspot}
