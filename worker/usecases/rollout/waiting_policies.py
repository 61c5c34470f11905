"""Policies with flags that wait after an undo, for `policies show`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from worker.pipeline.session import Session
from worker.pipeline.undone import waiting
from worker.wiring import store_url, wire

if TYPE_CHECKING:
    from policies.files import PolicySet
    from worker.settings import Settings

SQLITE = "sqlite:///"


def waiting_policies(settings: Settings, policies: PolicySet) -> list[dict[str, Any]]:
    """`{policy, connection, deals, text}` of each policy for which records wait; none without a store."""
    url = store_url(settings)
    if url.startswith(SQLITE) and not Path(url.removeprefix(SQLITE)).exists():
        return []
    services = wire(settings)
    try:
        sessions = [Session(services, name, services.clock()) for name in settings.connections]
        return [row for session in sessions for row in _rows(session, policies)]
    finally:
        services.store.close()


def _rows(session: Session, policies: PolicySet) -> list[dict[str, Any]]:
    found = waiting(session, policies)
    return [
        {"policy": policy, "connection": session.name, "deals": found.counts[policy], "text": f"{found.why(policy)}."}
        for policy in sorted(found.policies)
    ]
