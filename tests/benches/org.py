"""A local Salesforce in a process of its own, a connector to it, and a plain simple-salesforce client."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from simple_salesforce.api import Salesforce

from store import Store
from worker.settings import Settings, connection_settings
from worker.wiring import Services, connector_for, now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connectors.salesforce.connector import SalesforceConnector

NAME = "acme"


@dataclass
class Server:
    """What the server reported of itself."""

    greeting: dict[str, Any]

    def login(self, user: str) -> dict[str, Any]:
        return next(login for login in self.greeting["logins"] if login["username"] == user)

    def services(self, folder: Path, **more: Any) -> Services:
        """Real services over this org, with a store of their own in `folder`."""
        sync, admin = self.login("svc@acme.example"), self.login("admin@acme.example")
        connection = connection_settings({
            "kind": "salesforce", "sandbox": True, "login_url": self.greeting["url"],
            "ca_file": self.greeting["ca_file"],
            "consumer_key": sync["client_id"], "consumer_secret": sync["client_secret"], "timezone": "America/New_York",
            "budget_share": 1.0,
            "admin": {"consumer_key": admin["client_id"], "consumer_secret": admin["client_secret"]}, **more,
        })  # fmt: skip
        settings = Settings(home=folder, connections={NAME: connection})
        connector = connector_for(settings, NAME)
        return Services(
            settings=settings, clock=now, sleep=lambda _: None, connect=lambda _: connector, policy_texts=dict,
            store=Store.open(f"sqlite:///{folder / 'org.db'}"),
        )  # fmt: skip

    def connector(self, folder: Path) -> SalesforceConnector:
        return self.services(folder).connect(NAME)  # type: ignore[return-value]

    def bare(self) -> Salesforce:
        """simple-salesforce as anybody would use it."""
        login = self.login("svc@acme.example")
        form = {"grant_type": "client_credentials", "client_id": login["client_id"],
                "client_secret": login["client_secret"]}  # fmt: skip
        session = requests.Session()
        session.trust_env = False
        session.verify = self.greeting["ca_file"]
        token = session.post(f"{self.greeting['url']}/services/oauth2/token", data=form, timeout=30).json()
        return Salesforce(instance_url=token["instance_url"], session_id=token["access_token"], session=session)


@contextmanager
def served(deals: int) -> Iterator[Server]:
    """An org with this many made-up deals, until the block ends."""
    sys.stderr.write(f"seeding a local Salesforce with {deals:,} deals …\n")
    command = [sys.executable, "-m", "sandbox", "salesforce", "--deals", str(deals)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Server(json.loads(process.stdout.readline()))  # type: ignore[union-attr]
        finally:
            process.terminate()
