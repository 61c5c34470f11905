"""GET /crm/v3/owners: deactivated ones only when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.hubspot.api.call import Call, Reply
from sandbox.hubspot.errors import invalid, not_found

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Owner

_PAGE, _MOST = 100, 500


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
