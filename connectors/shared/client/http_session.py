"""One requests session a connection: limits on time and size, no redirects, and the usage in each reply's headers."""

from __future__ import annotations

import io
import time
from datetime import UTC
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from connectors.shared.client.certificates import end_of
from connectors.shared.client.timed_replies import timed_pools
from model.errors import RetryLater

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

MOST_BYTES: Final = 64 << 20
"""Of a reply's body, unpacked: several times the largest page that a CRM gives."""
MOST_VALUES: Final = 4_000_000
"""Of a reply's JSON: each takes many times the memory that it takes on the wire."""
_PIECE: Final = 1 << 18
_REDIRECTS: Final = {301, 302, 303, 307, 308}
_THREES: Final = range(300, 400)
_LONGEST_HOST: Final = 253


class TooMuch(RetryLater):
    """A reply is larger than it may be, or takes longer; one that asks for less may come through."""


class Wire(HTTPAdapter):
    """Sends within limits, counts what it sends, and notes the server's clock and certificate and the day's calls.

    `longest`: seconds that a call may take as a whole. `usage` reads (calls used, calls allowed) out of a reply's
    headers; None where they do not say. Raises RetryLater for a reply that redirects, TooMuch for one that takes too
    long or is too large.
    """

    def __init__(
        self,
        timeout: tuple[float, float],
        usage: Callable[[requests.Response], tuple[int, int] | None],
        *,
        longest: float,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.calls = 0
        self.used: int | None = None
        self.allowed: int | None = None
        self.server_time: datetime | None = None
        self.certificate_until: datetime | None = None
        self._timeout, self._usage, self._longest, self._ticks = timeout, usage, longest, ticks
        self._counting = Lock()
        super().__init__(max_retries=0)

    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        """Pools whose replies have a time limit as a whole."""
        super().init_poolmanager(*given, **named)
        self.poolmanager.pool_classes_by_scheme = timed_pools(self._longest, self._ticks, self._met)

    def proxy_manager_for(self, proxy: str, **named: Any) -> Any:
        """The same behind a proxy."""
        manager = super().proxy_manager_for(proxy, **named)
        manager.pool_classes_by_scheme = timed_pools(self._longest, self._ticks, self._met)
        return manager

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        """Send once, and read the whole reply."""
        with self._counting:
            self.calls += 1
        began = self._ticks()
        try:
            response = super().send(request, **kwargs | {"timeout": self._timeout, "stream": True})
            _mind_redirect(response)
            response.raw = io.BytesIO(_whole(response))
        except requests.RequestException:
            if self._ticks() - began >= self._longest:
                raise TooMuch(f"{_host(request.url)} took more than {self._longest:g} s for one reply.") from None
            raise
        self._note(response)
        return response

    def _met(self, certificate: dict[str, Any]) -> None:
        """Note when the certificate of the newest line ends."""
        self.certificate_until = end_of(certificate)

    def _note(self, response: requests.Response) -> None:
        usage = self._usage(response)
        if usage:
            self.used, self.allowed = usage
        try:
            said_at = parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError, OverflowError):
            return
        self.server_time = said_at if said_at.tzinfo else said_at.replace(tzinfo=UTC)


def _mind_redirect(response: requests.Response) -> None:
    """No redirect is followed: it could lead anywhere, with our token or our patch."""
    if response.status_code not in _REDIRECTS and not (
        response.status_code in _THREES and "location" in response.headers
    ):
        return
    response.close()
    raise RetryLater(
        f"{_host(response.url)} redirects a call to {_host(response.headers.get('location'))}. Redirects are not "
        "followed: set the address that answers itself as login_url or base_url, and check the proxy if there is one."
    )


def _host(url: str | None) -> str:
    """The host of an address, for a sentence."""
    try:
        host = urlsplit(url or "").hostname or ""
    except ValueError:
        host = ""
    return host if host.isascii() and host.isprintable() and 0 < len(host) <= _LONGEST_HOST else "another address"


def _whole(response: requests.Response) -> bytes:
    """The body, unpacked; raises TooMuch for one that is too large, RequestException for one that breaks off."""
    found = bytearray()
    try:
        for piece in response.raw.stream(_PIECE, decode_content=True):
            found += piece
            if len(found) > MOST_BYTES:
                raise _too_large(response, f"{MOST_BYTES >> 20} MB")
    except urllib3.exceptions.HTTPError as error:
        raise requests.exceptions.ChunkedEncodingError(type(error).__name__) from None
    if sum(map(found.count, (b",", b"{", b"["))) > MOST_VALUES:
        raise _too_large(response, f"{MOST_VALUES:,} values")
    return bytes(found)


def _too_large(response: requests.Response, what: str) -> TooMuch:
    response.close()
    return TooMuch(f"A reply of {_host(response.url)} has more than {what}; none of it was used.")


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
