"""A request and a reply, apart from any web framework."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.salesforce.errors import ApiError
from sandbox.web import Reply

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org

__all__ = ["Call", "Reply"]


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
