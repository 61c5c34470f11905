"""One portal as something that can be served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.hubspot import control
from sandbox.hubspot.clock import iso
from sandbox.hubspot.faults import refusal
from sandbox.hubspot.portal import Portal
from sandbox.hubspot.routes import handle, told
from sandbox.web import Door

if TYPE_CHECKING:
    from sandbox.faults import Fault
    from sandbox.web import Asked, Reply


class PortalDoor(Door[Portal]):
    """Takes calls for a portal."""

    def controlled(self, asked: Asked) -> Reply:
        """What the tests' door says."""
        return control.handle(self.world, asked)

    def handled(self, asked: Asked) -> Reply:
        """What the portal says."""
        return handle(self.world, asked)

    def refused(self, fault: Fault) -> Reply:
        """A fault as HubSpot words it."""
        if fault.code == "EXPIRED_AUTHENTICATION":
            self.world.tokens.end()
        reply = told(refusal(fault))
        reply.headers |= fault.headers
        return reply

    def log(self, asked: Asked, outcome: str) -> None:
        """Note a call with its app."""
        portal = self.world
        token = portal.tokens.by_text.get(asked.headers.get("authorization", "").partition(" ")[2])
        entry = {
            "at": iso(portal.clock.ms()),
            "app": token.app if token else None,
            "method": asked.method,
            "path": asked.path,
            "query": asked.target.partition("?")[2],
        }
        if asked.path.endswith("/batch/read"):
            entry["body"] = asked.body.decode(errors="replace")
        portal.calls.append({**entry, "outcome": outcome})
