"""One requests session a connection: timeouts, certificate, and what every reply says beside its body."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import requests
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from datetime import datetime

    from connectors.salesforce.settings import SalesforceSettings

_USAGE: Final = re.compile(r"(?<![\w-])api-usage=(\d+)/(\d+)")


class Wire(HTTPAdapter):
    """Sends with a timeout, counts what it sends, and notes the org's calls and the server's clock."""

    def __init__(self, timeout: tuple[float, float]) -> None:
        self.calls = 0
        self.used: int | None = None
        self.allowed: int | None = None
        self.server_time: datetime | None = None
        self._timeout = timeout
        super().__init__(max_retries=0)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        """Send once, within the timeout."""
        self.calls += 1
        response = super().send(request, **kwargs | {"timeout": self._timeout})
        self._note(response)
        return response

    def _note(self, response: requests.Response) -> None:
        usage = _USAGE.search(response.headers.get("Sforce-Limit-Info", ""))
        if usage:
            self.used, self.allowed = int(usage[1]), int(usage[2])
        try:
            self.server_time = parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError):
            return


def untrusted(error: Exception) -> bool:
    """The other side's certificate is not trusted: no repetition helps. Other TLS errors are dropped lines."""
    return isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error)


def open_session(settings: SalesforceSettings) -> tuple[requests.Session, Wire]:
    """A session that trusts only what the settings name, and the wire below it."""
    session, wire = requests.Session(), Wire(settings.timeout)
    session.trust_env = False
    session.verify = settings.ca_file or True
    if settings.proxy:
        session.proxies = {"https": settings.proxy}
    session.mount("https://", wire)
    session.mount("http://", wire)
    session.headers["Sforce-Call-Options"] = "client=sluicegate"
    return session, wire
