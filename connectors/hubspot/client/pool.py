"""hubspot-api-client's calls through our requests session: one timeout, one counter, one place to retry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import requests

if TYPE_CHECKING:
    from collections.abc import Mapping

_IN_ADDRESS: Final = {"GET", "HEAD"}


@dataclass(frozen=True)
class Reply:
    """A whole reply with the attributes that the library asks of urllib3's."""

    status: int
    data: bytes
    headers: Mapping[str, str]
    reason: str = ""

    def getheaders(self) -> Mapping[str, str]:
        """All headers."""
        return self.headers


class RequestsPool:
    """Stands where a generated ApiClient keeps urllib3's PoolManager."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session

    def request(  # the library's own call; time limits and retries are the session's, not its
        self,
        method: str,
        url: str,
        *,
        fields: Any = None,
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> Reply:
        """Send once; raises what requests raises."""
        in_address = method in _IN_ADDRESS
        request = requests.Request(  # what Session.request would make of it, without weighing settings each time
            method,
            url,
            params=fields if in_address else None,
            data=None if in_address else body if body is not None else fields,
            headers={**self._session.headers, **(headers or {})},
            cookies=self._session.cookies,
        )
        reply = self._session.send(request.prepare(), allow_redirects=False)
        content = reply.content
        return Reply(reply.status_code, content if reply.ok else _readable(content), reply.headers, reply.reason)


def _readable(content: bytes) -> bytes:
    """A refusal in UTF-8, whatever a proxy wrote it in: the library stumbles over anything else."""
    return content.decode(errors="replace").encode()
