"""One portal as something that can be served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.hubspot import control
from sandbox.hubspot.clock import iso
from sandbox.hubspot.faults import refusal
from sandbox.hubspot.routes import handle, told
from sandbox.serving import MOST_URI
from sandbox.web import Reply, garbage

if TYPE_CHECKING:
    from sandbox.faults import Fault
    from sandbox.hubspot.portal import Portal
    from sandbox.web import Asked


class Door:
    """Takes calls for a portal."""

    def __init__(self, portal: Portal) -> None:
        self.portal, self.clock, self.faults = portal, portal.clock, portal.faults

    def control(self, asked: Asked) -> Reply:
        """The tests' door."""
        with self.portal.lock:
            return control.handle(self.portal, asked)

    def answer(self, asked: Asked, fault: Fault | None) -> Reply:
        """What the portal says, or the fault in its place."""
        if fault and fault.how == "garbage":
            return garbage()
        if fault and fault.how == "error":
            return self._refused(fault)
        if len(asked.target) > MOST_URI:
            return Reply("<html><body><h1>414 Request-URI Too Large</h1></body></html>", 414, kind="text/html")
        with self.portal.lock:
            return handle(self.portal, asked)

    def _refused(self, fault: Fault) -> Reply:
        if fault.code == "EXPIRED_AUTHENTICATION":
            self.portal.tokens.end()
        if fault.code is None:
            return Reply(fault.body, fault.status, kind="text/html")
        reply = told(refusal(fault))
        reply.headers |= fault.headers
        return reply

    def log(self, asked: Asked, outcome: str) -> None:
        """Note a call with its app."""
        portal = self.portal
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
