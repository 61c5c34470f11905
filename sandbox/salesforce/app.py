"""One org as something that can be served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.salesforce import control
from sandbox.salesforce.call import Call, Reply
from sandbox.salesforce.org import Org
from sandbox.salesforce.routes import handle
from sandbox.web import Door

if TYPE_CHECKING:
    from sandbox.faults import Fault
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
