"""A request and a reply, apart from any web framework."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.salesforce.errors import ApiError

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org


@dataclass(frozen=True)
class Call:
    """One request. `user_id` is empty until the token was checked."""

    org: Org
    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes
    base: str
    """Scheme, host and port that the caller used."""
    user_id: str = ""
    version: str = "59.0"

    def json(self) -> Any:
        """The body; raises JSON_PARSER_ERROR."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise ApiError("JSON_PARSER_ERROR", f"Unexpected input: {error}") from error

    def fields(self) -> dict[str, Any]:
        """The body as a record without its attributes."""
        found = self.json()
        if not isinstance(found, dict):
            raise ApiError("JSON_PARSER_ERROR", "The HTTP entity body is required to be one object")
        return {k: v for k, v in found.items() if k != "attributes"}


@dataclass
class Reply:
    """One answer. `body` is JSON unless it is text or bytes; None sends no body."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/json;charset=UTF-8"

    def bytes(self) -> bytes:
        """The body as sent."""
        if self.body is None:
            return b""
        if isinstance(self.body, str):
            return self.body.encode()
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)
