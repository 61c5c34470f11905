"""Where OAuth tokens are had and described. The library knows /oauth/v1 alone, which ends on 16 February 2027.

Where that path is no longer served the dated one is asked, which takes the same form and gives the same answers, then
the one between the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connectors.hubspot.client.faults import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.hubspot.client.library import Library
    from connectors.hubspot.client.pool import Reply

    Way = Callable[[], Reply]

_AFTER_V1: Final = ("/oauth/2026-03/token", "/oauth/v3/token")
_NOT_SERVED: Final = {404, 405, 410}


class OAuth:
    """The ways to ask, each of them ready to be sent."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def renewal(self, form: Mapping[str, str]) -> list[Way]:
        """A new access token; `form`: client id, client secret and refresh token."""
        fields = {"grant_type": "refresh_token", **form}
        create = self._library.api("oauth.tokens_api").create
        return [lambda: self._library.typed(create, (), fields), *(self._form(path, fields) for path in _AFTER_V1)]

    def description(self, client: Mapping[str, str], token: str) -> list[Way]:
        """Whose a token is, with its scopes; `client`: client id and client secret."""
        get = self._library.api("oauth.access_tokens_api").get
        fields = {**client, "token": token, "token_type_hint": "access_token"}
        paths = (f"{path}/introspect" for path in _AFTER_V1)
        return [lambda: self._library.typed(get, (token,), {}), *(self._form(path, fields) for path in paths)]

    def _form(self, path: str, fields: Mapping[str, str]) -> Way:
        return lambda: self._library.form(path, fields)


def first_served(ways: list[Way], send: Callable[[Way], Any]) -> dict[str, Any]:
    """The answer of the first way that HubSpot serves; raises the last error if it serves none."""
    *others, last = ways
    for way in others:
        try:
            return _body(send(way))
        except Refused as error:
            if error.status not in _NOT_SERVED:
                raise
    return _body(send(last))


def _body(body: Any) -> dict[str, Any]:
    return body if isinstance(body, dict) else {}
