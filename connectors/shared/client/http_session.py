"""One requests session a connection: timeouts, certificate, and the usage in the headers of each reply."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


class Wire(HTTPAdapter):
    """Sends with a timeout, counts what it sends, and notes the server's clock and the CRM's calls of the day.

    `usage` reads (calls used, calls allowed) out of a reply's headers; None where they do not say.
    """

    def __init__(
        self, timeout: tuple[float, float], usage: Callable[[requests.Response], tuple[int, int] | None]
    ) -> None:
        self.calls = 0
        self.used: int | None = None
        self.allowed: int | None = None
        self.server_time: datetime | None = None
        self._timeout, self._usage = timeout, usage
        self._counting = Lock()
        super().__init__(max_retries=0)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        """Send once, within the timeout."""
        with self._counting:
            self.calls += 1
        response = super().send(request, **kwargs | {"timeout": self._timeout})
        self._note(response)
        return response

    def _note(self, response: requests.Response) -> None:
        usage = self._usage(response)
        if usage:
            self.used, self.allowed = usage
        try:
            said_at = parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError):
            return
        self.server_time = said_at if said_at.tzinfo else said_at.replace(tzinfo=UTC)


def untrusted(error: Exception) -> bool:
    """The other side's certificate is not trusted: no repetition helps. Other TLS errors are dropped lines."""
    return isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error)


def open_session(wire: Wire, *, ca_file: str | None, proxy: str | None) -> requests.Session:
    """A session above `wire` that trusts only what the settings name."""
    session = requests.Session()
    session.trust_env = False
    session.verify = ca_file or True
    if proxy:
        session.proxies = {"https": proxy}
    session.mount("https://", wire)
    session.mount("http://", wire)
    return session
