"""The portal over HTTP on an ephemeral port of this machine."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox import serving
from sandbox.hubspot.app import PortalDoor
from sandbox.web import application

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.hubspot.portal import Portal
    from sandbox.hubspot.tokens import OAuth


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
