"""Who did it: an owner's id where it was a user, else the kind and number of what acted ("automation:17")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_INTEGRATION: Final = {"INTEGRATION", "API", "INTEGRATIONS_PLATFORM", "INTEGRATIONS_SYNC"}
_AUTOMATION: Final = {
    "AUTOMATION_PLATFORM", "WORKFLOWS", "WORKFLOW_CONTACT_DELETE_ACTION", "CALCULATED", "INTERNAL_PROCESSING",
    "BOT", "SEQUENCES", "INTELLIGENT_FIELDS", "SALES_AUTOMATION",
}  # fmt: skip
"""HubSpot names its sources freely: what stands in neither set is a user where one is named, else unknown."""


class Actors:
    """Sources of changes as actor ids; `owners`: user id → owner id, for HubSpot's histories name users.

    `me`: our own app as an actor.
    """

    def __init__(self, owners: Mapping[str, str], me: str | None) -> None:
        self._owners, self.me = owners, me or "integration:?"
        self._known: dict[tuple[Any, Any, Any], str | None] = {}

    def of(self, version: Mapping[str, Any]) -> str | None:
        """Who wrote a version of a property."""
        return self.named(version.get("sourceType"), version.get("sourceId"), version.get("updatedByUserId"))

    def is_nobody(self, actor: str | None) -> bool:
        """HubSpot itself or our own app: what they write is no edit."""
        return actor is not None and (actor.startswith("automation:") or actor == self.me)

    def named(self, source: Any, source_id: Any, user: Any) -> str | None:
        """The actor, by the source's type and id and the user, if they are known."""
        try:
            return self._known[source, source_id, user]
        except KeyError:
            actor = self._actor(str(source or "").upper(), str(source_id or ""), str(user or ""))
            return self._known.setdefault((source, source_id, user), actor)

    def _actor(self, source: str, source_id: str, user: str) -> str | None:
        if source in _INTEGRATION:
            return f"integration:{source_id or 'unnamed'}"
        if source in _AUTOMATION:
            return f"automation:{source_id or source.lower()}"
        user = user or (source_id.removeprefix("userId:") if source_id.startswith("userId:") else "")
        return self._owners.get(user, f"user:{user}") if user else None
