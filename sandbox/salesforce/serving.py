"""The org over TLS on an ephemeral port of this machine."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import trustme
import uvicorn

from sandbox.salesforce.app import application
from sandbox.salesforce.routes import MOST_URI

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.salesforce.logins import Login
    from sandbox.salesforce.org import Org


@dataclass(frozen=True)
class Running:
    """A server that runs: where it is, the file that makes its certificate trusted, how to stop it."""

    org: Org
    url: str
    ca_file: str
    stop: Callable[[], None]

    def login(self, username: str) -> Login:
        """The ways in of a user; raises LookupError."""
        found = self.org.logins.of(username)
        if found is None:
            raise LookupError(f"The org has no login for {username}.")
        return found


class _Server(uvicorn.Server):
    """Stops at once: clients keep lines open, and closing TLS politely would wait for them."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)
        await super().shutdown(sockets)


@contextmanager
def serve(org: Org, port: int = 0) -> Iterator[Running]:
    """Serve an org from a thread of its own until the block ends."""
    with tempfile.TemporaryDirectory(prefix="sandbox-salesforce-") as folder:
        running = start(org, Path(folder), port)
        try:
            yield running
        finally:
            running.stop()


def start(org: Org, folder: Path, port: int = 0) -> Running:
    """Serve an org from a thread of its own until `stop`; certificates are written to `folder`."""
    # With the protocol named, asyncio switches Nagle's algorithm off; else each reply waits 40 ms for an ACK.
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(("127.0.0.1", port))
    server = _Server(_config(org, folder))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True, name="sandbox-salesforce")
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("The sandbox server did not start; see its messages above.")
        time.sleep(0.005)

    def stop() -> None:
        server.should_exit = True
        thread.join()
        door.close()

    return Running(org, f"https://127.0.0.1:{door.getsockname()[1]}", str(folder / "ca.pem"), stop)


def _config(org: Org, folder: Path) -> uvicorn.Config:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    own = authority.issue_cert("127.0.0.1", "localhost")
    own.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    return uvicorn.Config(
        application(org),
        ssl_certfile=str(folder / "server.pem"),
        ssl_keyfile=str(folder / "server.pem"),
        lifespan="off",
        ws="none",
        log_level="error",
        access_log=False,
        timeout_graceful_shutdown=1,
        date_header=False,
        server_header=False,
        h11_max_incomplete_event_size=MOST_URI * 16,
    )
