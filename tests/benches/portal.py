"""A local HubSpot in a process of its own, without limits of calls, and services over it."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from store import Store
from worker.connector_factory import open_connector
from worker.settings import Settings, connection_settings
from worker.wiring import Services, now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "hub"


@dataclass
class Server:
    """What the server reported of itself."""

    greeting: dict[str, Any]

    @property
    def url(self) -> str:
        return str(self.greeting["url"])

    @property
    def token(self) -> str:
        return str(self.greeting["token"])

    def services(self, folder: Path, **connection: Any) -> Services:
        """Real services over this portal, with a store of their own in `folder`; waits for limits take no time."""
        found = connection_settings({
            "kind": "hubspot", "sandbox": True, "base_url": self.url, "access_token": self.token,
            "timezone": "America/New_York", "budget_share": 1.0,
            "admin": {"access_token": self.greeting["admin_token"]},
            "activity": {"sources": ()}, **connection,
        })  # fmt: skip
        settings = Settings(home=folder, connections={NAME: found})
        connector = open_connector(settings, NAME, found, clock=now, sleep=lambda _: None)
        return Services(
            settings=settings, clock=now, sleep=lambda _: None, connect=lambda _: connector, policy_texts=dict,
            store=Store.open(f"sqlite:///{folder / 'hub.db'}"),
        )  # fmt: skip


@contextmanager
def served(deals: int, latency: float = 0.0) -> Iterator[Server]:
    """A portal with this many made-up deals, until the block ends; it answers after `latency` seconds."""
    sys.stderr.write(f"seeding a local HubSpot with {deals:,} deals …\n")
    command = [sys.executable, "-m", "sandbox", "hubspot", "--deals", str(deals), "--unlimited"]
    command += ["--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Server(json.loads(process.stdout.readline()))  # type: ignore[union-attr]
        finally:
            process.terminate()
