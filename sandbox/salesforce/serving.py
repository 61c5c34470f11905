"""The org over TLS on an ephemeral port of this machine."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import trustme

from sandbox import serving
from sandbox.salesforce.app import OrgDoor
from sandbox.web import application

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
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    own = authority.issue_cert("127.0.0.1", "localhost")
    pem = str(folder / "server.pem")
    own.private_key_and_cert_chain_pem.write_to_path(pem)
    app = application(OrgDoor(org))
    port, stop = serving.start(app, port, name="sandbox-salesforce", ssl_certfile=pem, ssl_keyfile=pem)
    return Running(org, f"https://127.0.0.1:{port}", str(folder / "ca.pem"), stop)
