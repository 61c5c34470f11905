"""A request, apart from any web framework."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.hubspot.api import shapes
from sandbox.hubspot.errors import invalid, invalid_input
from sandbox.hubspot.records.table import Source
from sandbox.hubspot.records.writes import Actor
from sandbox.web import Asked, Reply

if TYPE_CHECKING:
    from sandbox.hubspot.api.tokens import Token
    from sandbox.hubspot.portal import Portal

__all__ = ["Call", "Reply"]


@dataclass(frozen=True)
class Call:
    """One request of an app."""

    portal: Portal
    asked: Asked
    token: Token

    def json(self) -> dict[str, Any]:
        """The body, which must be an object with parts of the right types; raises the 400."""
        try:
            found = orjson.loads(self.asked.body)
        except orjson.JSONDecodeError as error:
            raise invalid_input(str(error)) from error
        if not isinstance(found, dict):
            raise invalid_input("an object was expected")
        shapes.check(found)
        return found

    def one(self, name: str, default: str | None = None) -> str | None:
        """A query parameter."""
        return next((value for key, value in self.asked.query if key == name), default)

    def many(self, name: str) -> list[str]:
        """A query parameter that may be repeated, or hold several values with commas."""
        given = [value for key, value in self.asked.query if key == name]
        return list(dict.fromkeys(part.strip() for text in given for part in text.split(",") if part.strip()))

    def yes(self, name: str) -> bool:
        """A query parameter that is true or false; raises the 400."""
        text = (self.one(name) or "false").lower()
        if text not in {"true", "false"}:
            raise invalid(f"{name} was not a valid boolean: {text}")
        return text == "true"

    def number(self, name: str, default: int, most: int) -> int:
        """A query parameter from 1 to `most`; raises the 400."""
        text = self.one(name)
        return whole(name, default if text is None else text, most)

    @property
    def actor(self) -> Actor:
        """The app as who writes."""
        return Actor(self.token.app, Source("INTEGRATION", str(self.token.app_id), self.token.app))


def whole(name: str, given: Any, most: int) -> int:
    """A number from 1 to `most`; raises the 400."""
    try:
        found = int(given)
    except (TypeError, ValueError) as error:
        raise invalid(f"{name} was not a valid number: {given}") from error
    if not 1 <= found <= most:
        raise invalid(f"Invalid {name}: {found}. It must be between 1 and {most}.")
    return found
