"""Owners and teams. An owner's id is not the id of its user."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.hubspot.clock import iso


@dataclass
class Owner:
    """A user who owns records; one that was deactivated is archived and has no user id any more."""

    id: str
    user_id: int
    email: str
    first: str
    last: str
    created: int
    updated: int
    teams: list[tuple[str, str]] = field(default_factory=list)
    """Id and name; the first is the primary one."""
    archived: bool = False

    def body(self) -> dict[str, Any]:
        """As the API shows it."""
        found: dict[str, Any] = {
            "id": self.id,
            "email": self.email,
            "type": "PERSON",
            "firstName": self.first,
            "lastName": self.last,
            "userIdIncludingInactive": self.user_id,
            "createdAt": iso(self.created),
            "updatedAt": iso(self.updated),
            "archived": self.archived,
        }
        if not self.archived:
            found["userId"] = self.user_id
        if self.teams:
            found["teams"] = [
                {"id": key, "name": name, "primary": place == 0} for place, (key, name) in enumerate(self.teams)
            ]
        return found
