"""The portal over HTTP on a free port of this machine."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox import serving
from sandbox.hubspot.api import control
from sandbox.hubspot.api.routes import error_reply, handle
from sandbox.hubspot.clock import iso
from sandbox.hubspot.faults import refusal
from sandbox.hubspot.portal import Portal
from sandbox.web import Door, application

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.faults import Fault
    from sandbox.hubspot.api.tokens import OAuth
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
        reply = error_reply(refusal(fault))
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


@dataclass(frozen=True)
class Running:
    """A server that runs: where it is, the ways in, how to stop it."""

    portal: Portal
    url: str
    stop: Callable[[], None]

    @property
    def token(self) -> str:
        """The private app token of the sync."""
        return self.portal.tokens.sync.text

    @property
    def admin_token(self) -> str:
        """A private app token that may also write property definitions and pipelines."""
        return self.portal.tokens.admin.text

    @property
    def other_token(self) -> str:
        """The token of somebody else's app in the same portal."""
        return self.portal.tokens.other.text

    @property
    def oauth(self) -> OAuth:
        """Client id, client secret and refresh token."""
        return self.portal.tokens.oauth


@contextmanager
def serve(portal: Portal, port: int = 0) -> Iterator[Running]:
    """Serve a portal from a thread of its own until the block ends."""
    running = start(portal, port)
    try:
        yield running
    finally:
        running.stop()


def start(portal: Portal, port: int = 0) -> Running:
    """Serve a portal from a thread of its own until `stop`."""
    port, stop = serving.start(application(PortalDoor(portal)), port, name="sandbox-hubspot")
    return Running(portal, f"http://127.0.0.1:{port}", stop)
