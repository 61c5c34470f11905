"""A local HubSpot: the CRM API over HTTP, state in memory, faults on demand. See docs/sandbox.md."""

from sandbox.hubspot.clock import Clock
from sandbox.hubspot.faults import Fault, Faults
from sandbox.hubspot.portal import Portal, Rule, Write
from sandbox.hubspot.seeds import labels, seed
from sandbox.hubspot.serving import Running, serve
from sandbox.hubspot.settings import Settings
from sandbox.hubspot.setup import ADMIN, add_owner, add_pipeline, new_portal

__all__ = [
    "ADMIN", "Clock", "Fault", "Faults", "Portal", "Rule", "Running", "Settings", "Write", "add_owner",
    "add_pipeline", "labels", "new_portal", "seed", "serve",
]  # fmt: skip
