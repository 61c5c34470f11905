"""Owners and teams. An owner's id is not the id of its user, and a list has deactivated owners only if asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.hubspot.api.call import Call, Reply
from sandbox.hubspot.clock import iso
from sandbox.hubspot.errors import invalid, not_found

_PAGE, _MOST = 100, 500


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


def list_owners(call: Call) -> Reply:
    """A page of owners, by id; `email` finds one."""
    archived, email = call.yes("archived"), call.one("email")
    limit, after = call.number("limit", _PAGE, _MOST), call.one("after")
    wanted = [o for o in call.portal.owners.values() if o.archived == archived and email in {None, "", o.email}]
    wanted.sort(key=lambda owner: int(owner.id))
    start = _start(wanted, after)
    page = wanted[start : start + limit]
    body: dict[str, Any] = {"results": [owner.body() for owner in page]}
    if start + limit < len(wanted):
        last = page[-1].id
        body["paging"] = {"next": {"after": last, "link": f"{call.asked.base}/crm/v3/owners/?after={last}"}}
    return Reply(body)


def _start(wanted: list[Owner], after: str | None) -> int:
    if not after:
        return 0
    if not after.isdigit():
        raise invalid(f"after was not valid: {after}")
    return sum(1 for owner in wanted if int(owner.id) <= int(after))


def get_owner(call: Call, key: str) -> Reply:
    """One owner by owner id or, with idProperty=userId, by user id."""
    archived, prop = call.yes("archived"), call.one("idProperty") or "id"
    if prop not in {"id", "userId"}:
        raise invalid(f"idProperty was not valid: {prop}")
    for owner in call.portal.owners.values():
        if (owner.id if prop == "id" else str(owner.user_id)) == key and owner.archived == archived:
            return Reply(owner.body())
    raise not_found(f"No owner with {prop} {key} was found")
