"""hubspot-api-client's own objects, kept for the life of a process, all with the token of now."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import hubspot

from connectors.hubspot.client.pool import Reply, RequestsPool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests


class Library:
    """The library before one portal, its calls sent through `session`."""

    def __init__(self, base_url: str, session: requests.Session) -> None:
        self._base_url, self._pool = base_url, RequestsPool(session)
        self._client = hubspot.Client.create(host=base_url)
        self._kept: dict[str, Any] = {}
        self.token = ""

    def api(self, path: str) -> Any:
        """One api object, made once: each made anew would bring connections of its own."""
        if path not in self._kept:
            made = reduce(getattr, path.split("."), self._client)
            made.api_client.rest_client.pool_manager = self._pool
            self._kept[path] = made
            self._tell(made)
        return self._kept[path]

    def take(self, token: str) -> None:
        """Call with this token from now on: objects that are kept would go on with their old one."""
        if token != self.token:
            self.token = token
            for kept in list(self._kept.values()):  # another thread may make one meanwhile
                self._tell(kept)

    def typed(self, function: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Reply:
        """The raw reply of a function of one of the objects, refusals too; raises what requests raises.

        The library has one exception class a package and no common base: those that carry a status are replies. It
        would write a yes as True, where HubSpot's addresses say true.
        """
        asked = {name: _plain(value) for name, value in named.items()}
        try:
            reply: Reply = function(*given, _preload_content=False, **asked)
        except Exception as error:
            status, body = getattr(error, "status", None), getattr(error, "body", None)
            if not isinstance(status, int):
                raise
            return Reply(status, (body or "").encode(), getattr(error, "headers", None) or {})
        return reply

    def plain(self, method: str, path: str, data: bytes | None) -> Reply:
        """The raw reply of a path that the library does not know."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        headers |= {"Content-Type": "application/json"}
        return self._pool.request(method, self._base_url + path, body=data, headers=headers)

    def form(self, path: str, fields: Mapping[str, str]) -> Reply:
        """The raw reply of a path that takes a form, as OAuth's do; no token goes with it."""
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        return self._pool.request("POST", self._base_url + path, fields=fields, headers=headers)

    def _tell(self, kept: Any) -> None:
        kept.api_client.configuration.access_token = self.token


def _plain(value: Any) -> Any:
    """A yes or no as JSON writes it; all else as it is."""
    return str(value).lower() if isinstance(value, bool) else value
