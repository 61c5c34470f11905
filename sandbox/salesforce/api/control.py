"""The door for tests in other processes, below /__sandbox__/: no part of Salesforce, so no token."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sandbox.control import COMMON, act
from sandbox.salesforce import events
from sandbox.web import CONTROL

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.salesforce.api.call import Call, Reply
    from sandbox.salesforce.org import Org


def handle(call: Call) -> Reply:
    """The answer to a call of the tests' door."""
    name = call.path.removeprefix(CONTROL).strip("/")
    return act(call.org, call.method, name, lambda: call.json() if call.body else dict(call.params), _ACTIONS)


def _limit(org: Org, body: dict[str, Any]) -> Any:
    org.settings.daily_limit = body.get("daily_limit", org.settings.daily_limit)
    org.used = body.get("used", org.used)
    return {"used": org.used, "daily_limit": org.settings.daily_limit}


def _expire(org: Org, body: dict[str, Any]) -> Any:
    user = body.get("user")
    return {"ended": org.logins.expire(events.user_id(org, user) if user else None)}


def logins(org: Org, _: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a client must know to log in, and the key that signs JWTs."""
    return {"logins": [dataclasses.asdict(login) for login in org.logins.all], "private_key": org.logins.private_key}


_ACTIONS: dict[tuple[str, str], Callable[[Org, dict[str, Any]], Any]] = {
    **COMMON,
    ("POST", "limit"): _limit,
    ("POST", "expire"): _expire,
    ("GET", "logins"): logins,
    **{("POST", name): action for name, action in events.ACTIONS.items()},
}
