"""The door for tests in other processes, below /__sandbox__/: no part of Salesforce, so no token."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sandbox.salesforce import events
from sandbox.salesforce.call import Call, Reply
from sandbox.salesforce.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.salesforce.org import Org


def handle(call: Call) -> Reply:
    """POST a JSON body to an action, GET a log; unknown names are 404, wrong bodies 400."""
    name = call.path.removeprefix("/__sandbox__/").strip("/")
    action = _ACTIONS.get((call.method, name))
    if action is None:
        return Reply({"error": f"No such control; there are: {sorted(f'{m} {n}' for m, n in _ACTIONS)}"}, 404)
    try:
        return Reply(action(call.org, call.json() if call.body else dict(call.params)))
    except (ApiError, KeyError, TypeError, ValueError, LookupError) as error:
        return Reply({"error": f"{type(error).__name__}: {error}"}, 400)


def _log(org: Org, body: dict[str, Any]) -> Any:
    start = int(body.get("start", 0))
    return {"writes": [dataclasses.asdict(w) for w in org.writes[start:]]}


def _calls(org: Org, body: dict[str, Any]) -> Any:
    return {"calls": org.calls[int(body.get("start", 0)) :]}


def _fault(org: Org, body: dict[str, Any]) -> Any:
    if "ids" in body:
        body["ids"] = tuple(body["ids"])
    made = org.faults.add(**body)
    return {"waiting": len(org.faults.waiting), "how": made.how}


def _faults(org: Org, body: dict[str, Any]) -> Any:
    del body
    return {"waiting": org.faults.listed()}


def _clear(org: Org, body: dict[str, Any]) -> Any:
    del body
    org.faults.clear()
    return {}


def _clock(org: Org, body: dict[str, Any]) -> Any:
    """`{"set": instant}` stops it, `{"forward_seconds": n}` moves it, `{"run": true}` lets it go on."""
    if "set" in body:
        org.clock.set(datetime.fromisoformat(body["set"]))
    if "forward_seconds" in body:
        org.clock.forward(timedelta(seconds=body["forward_seconds"]))
    if body.get("run"):
        org.clock.run()
    return {"now": org.clock.now().isoformat()}


def _limit(org: Org, body: dict[str, Any]) -> Any:
    org.settings.daily_limit = body.get("daily_limit", org.settings.daily_limit)
    org.used = body.get("used", org.used)
    return {"used": org.used, "daily_limit": org.settings.daily_limit}


def _expire(org: Org, body: dict[str, Any]) -> Any:
    user = body.get("user")
    return {"ended": org.logins.expire(events.user_id(org, user) if user else None)}


def _logins(org: Org, body: dict[str, Any]) -> Any:
    del body
    return {
        "logins": [dataclasses.asdict(login) for login in org.logins.all],
        "private_key": org.logins.private_key,
    }


def _labels(org: Org, body: dict[str, Any]) -> Any:
    del body
    return {"labels": org.labels}


_ACTIONS: dict[tuple[str, str], Callable[[Org, dict[str, Any]], Any]] = {
    ("GET", "log"): _log,
    ("GET", "calls"): _calls,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _fault,
    ("DELETE", "faults"): _clear,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _clock,
    ("POST", "limit"): _limit,
    ("POST", "expire"): _expire,
    ("GET", "logins"): _logins,
    ("GET", "labels"): _labels,
    **{("POST", name): action for name, action in events.ACTIONS.items()},
}
