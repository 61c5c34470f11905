"""Connections that limit the time of a whole reply, so that a reply of one byte every two seconds ends too."""

from __future__ import annotations

import http.client
import io
import ssl
from typing import TYPE_CHECKING, Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable


class _Timed(io.RawIOBase):
    """What comes from a socket until an instant of `ticks`; raises TimeoutError from then on."""

    def __init__(self, sock: socket.socket, until: float, ticks: Callable[[], float]) -> None:
        self._sock, self._until, self._ticks = sock, until, ticks
        self._pause = sock.gettimeout()
        self._raw = sock.makefile("rb", 0)

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, into: Any) -> int | None:
        """Wait for the next bytes no longer than the line may pause, and never beyond the end."""
        left = self._until - self._ticks()
        if left <= 0:
            raise TimeoutError("the reply took too long as a whole")
        self._sock.settimeout(left if self._pause is None else min(left, self._pause))
        return self._raw.readinto(into)

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()


class _Socket:
    """A socket as far as a reply asks it."""

    def __init__(self, file: _Timed) -> None:
        self._file = file

    def makefile(self, mode: str) -> io.BufferedReader:
        """The bytes of the reply."""
        del mode
        return io.BufferedReader(self._file)


def timed_pools(
    seconds: float, ticks: Callable[[], float], met: Callable[[dict[str, Any]], None] = lambda _certificate: None
) -> dict[str, Any]:
    """Pools by scheme, for urllib3's `pool_classes_by_scheme`; a reply of their connections ends within `seconds`.

    `met` is given the certificate of each new line.
    """

    def reply(sock: socket.socket, *given: Any, **named: Any) -> http.client.HTTPResponse:
        return http.client.HTTPResponse(_Socket(_Timed(sock, ticks() + seconds, ticks)), *given, **named)  # type: ignore[arg-type]

    class Plain(HTTPConnection):
        response_class = staticmethod(reply)  # type: ignore[assignment]

    class Secure(HTTPSConnection):
        response_class = staticmethod(reply)  # type: ignore[assignment]

        def connect(self) -> None:
            """Connect, and look at the certificate."""
            super().connect()
            if isinstance(self.sock, ssl.SSLSocket) and (certificate := self.sock.getpeercert()):
                met(certificate)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
