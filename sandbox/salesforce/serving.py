"""The org over TLS on a free port of this machine."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import trustme

from sandbox import serving
from sandbox.salesforce.api import control
from sandbox.salesforce.api.call import Call, Reply
from sandbox.salesforce.api.routes import handle
from sandbox.salesforce.org import Org
from sandbox.web import Door, application

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from sandbox.faults import Fault
    from sandbox.salesforce.api.logins import Login
    from sandbox.web import Asked


class OrgDoor(Door[Org]):
    """Takes calls for an org."""

    def _call(self, asked: Asked) -> Call:
        where = (asked.method, asked.path, dict(asked.query))
        return Call(self.world, *where, asked.headers, asked.body, asked.base)

    def controlled(self, asked: Asked) -> Reply:
        """What the tests' door says."""
        return control.handle(self._call(asked))

    def handled(self, asked: Asked) -> Reply:
        """What the org says."""
        return handle(self._call(asked))

    def refused(self, fault: Fault) -> Reply:
        """A fault as Salesforce words it."""
        if fault.code == "INVALID_SESSION_ID":
            self.world.logins.expire()
        return Reply([{"message": fault.message, "errorCode": fault.code}], fault.status)

    def log(self, asked: Asked, outcome: str) -> None:
        """Note a call with its user."""
        org = self.world
        token = asked.headers.get("authorization", "").partition(" ")[2]
        user = org.tables["User"].rows.get(org.logins.sessions.get(token, ""), {}).get("Username")
        query = dict(asked.query).get("q")
        entry = {"at": org.clock.stamp(), "user": user, "method": asked.method, "path": asked.path, "query": query}
        org.calls.append({**entry, "outcome": outcome})


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


def start(org: Org, folder: Path, port: int = 0, *, not_after: datetime | None = None) -> Running:
    """Serve an org from a thread of its own until `stop`; certificates are written to `folder`.

    `not_after`: when the server's certificate ends.
    """
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    own = authority.issue_cert("127.0.0.1", "localhost", not_after=not_after)
    pem = str(folder / "server.pem")
    own.private_key_and_cert_chain_pem.write_to_path(pem)
    app = application(OrgDoor(org))
    port, stop = serving.start(app, port, name="sandbox-salesforce", ssl_certfile=pem, ssl_keyfile=pem)
    return Running(org, f"https://127.0.0.1:{port}", str(folder / "ca.pem"), stop)
