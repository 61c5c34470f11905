"""A local Salesforce: the REST API over TLS, state in memory, faults on demand. See docs/sandbox.md."""

from sandbox.salesforce.api.logins import Login
from sandbox.salesforce.clock import Clock
from sandbox.salesforce.faults import Fault, Faults
from sandbox.salesforce.org import Actor, Org, Rule, Settings, Trigger, Write
from sandbox.salesforce.seeds import labels, seed
from sandbox.salesforce.serving import Running, serve
from sandbox.salesforce.setup import ADMIN, SYNC, add_user, new_org

__all__ = [
    "ADMIN", "SYNC", "Actor", "Clock", "Fault", "Faults", "Login", "Org", "Rule", "Running", "Settings", "Trigger",
    "Write", "add_user", "labels", "new_org", "seed", "serve",
]  # fmt: skip
