"""One org as something that can be served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.salesforce import control
from sandbox.salesforce.call import Call, Reply
from sandbox.salesforce.routes import handle
from sandbox.serving import MOST_URI
from sandbox.web import garbage

if TYPE_CHECKING:
    from sandbox.faults import Fault
    from sandbox.salesforce.org import Org
    from sandbox.web import Asked


class Door:
    """Takes calls for an org."""

    def __init__(self, org: Org) -> None:
        self.org, self.clock, self.faults = org, org.clock, org.faults

    def _call(self, asked: Asked) -> Call:
        return Call(
            self.org, asked.method, asked.path, dict(asked.query), asked.headers, asked.body, asked.base
        )  # fmt: skip

    def control(self, asked: Asked) -> Reply:
        """The tests' door."""
        with self.org.lock:
            return control.handle(self._call(asked))

    def answer(self, asked: Asked, fault: Fault | None) -> Reply:
        """What the org says, or the fault in its place."""
        if fault and fault.how == "garbage":
            return garbage()
        if fault and fault.how == "error":
            return self._refused(fault)
        if len(asked.target) > MOST_URI:
            return Reply("<h1>URI Too Long</h1>", 414, kind="text/html")
        with self.org.lock:
            return handle(self._call(asked))

    def _refused(self, fault: Fault) -> Reply:
        if fault.code == "INVALID_SESSION_ID":
            self.org.logins.expire()
        if fault.code is None:
            return Reply(fault.body, fault.status, kind="text/html")
        return Reply([{"message": fault.message, "errorCode": fault.code}], fault.status)

    def log(self, asked: Asked, outcome: str) -> None:
        """Note a call with its user."""
        org = self.org
        token = asked.headers.get("authorization", "").partition(" ")[2]
        user = org.tables["User"].rows.get(org.logins.sessions.get(token, ""), {}).get("Username")
        query = dict(asked.query).get("q")
        entry = {"at": org.clock.stamp(), "user": user, "method": asked.method, "path": asked.path, "query": query}
        org.calls.append({**entry, "outcome": outcome})
