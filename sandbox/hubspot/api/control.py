"""The door for tests in other processes, below /__sandbox__/: no part of HubSpot, so no token."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.control import COMMON, Body, act
from sandbox.hubspot import activity, events
from sandbox.hubspot.portal import Rule
from sandbox.web import CONTROL, Asked, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.hubspot.portal import Portal


def handle(portal: Portal, asked: Asked) -> Reply:
    """The answer to a call of the tests' door."""
    name = asked.path.removeprefix(CONTROL).strip("/")
    return act(
        portal, asked.method, name, lambda: orjson.loads(asked.body) if asked.body else dict(asked.query), _ACTIONS
    )


def _settings(portal: Portal, body: Body) -> Any:
    """Change settings by name, and `used`, the calls of today."""
    if "used" in body:
        portal.limits.used = int(body.pop("used"))
    for name, value in body.items():
        if name not in {field.name for field in dataclasses.fields(portal.settings)}:
            raise LookupError(f"no setting {name}")
        setattr(portal.settings, name, value)
    return {**dataclasses.asdict(portal.settings), "used": portal.limits.used}


def _revoke(portal: Portal, body: Body) -> Any:
    portal.tokens.refused = bool(body.get("revoked", True))
    return {"ended": portal.tokens.end()}


def logins(portal: Portal, _: Body | None = None) -> dict[str, Any]:
    """What a client must know: tokens, what the OAuth app has, and owners."""
    tokens = portal.tokens
    return {
        "token": tokens.sync.text,
        "admin_token": tokens.admin.text,
        "other_token": tokens.other.text,
        "oauth": dataclasses.asdict(tokens.oauth),
        "owners": [{"id": o.id, "email": o.email, "archived": o.archived} for o in portal.owners.values()],
    }


def _webhooks(portal: Portal, body: Body) -> Any:
    """`{"url", "secret"}`, and perhaps `wait`, `again`, `twice`, `seed`: where events are sent from now on."""
    with portal.lock:
        portal.webhooks.subscribe(**body)
    return {"sent": portal.webhooks.sent, "waiting": len(portal.webhooks.waiting)}


def _settle(portal: Portal, _: Body) -> Any:
    portal.settle()
    return {}


def _rule(portal: Portal, body: Body) -> Any:
    """`{"name", "when": {property: value}, "required", "touching", "on_create"}`; without `required`, drop it."""
    name, when = body["name"], dict(body.get("when") or {})
    if not body.get("required"):
        portal.rules.pop(name, None)
        return {"rules": sorted(portal.rules)}

    def hook(row: dict[str, str]) -> bool:
        return all(row.get(key) == value for key, value in when.items())

    more = {key: bool(body.get(key)) for key in ("touching", "on_create")}
    portal.rules[name] = Rule(body.get("kind", "deals"), hook, tuple(body["required"]), **more)
    return {"rules": sorted(portal.rules)}


def _plain(function: Callable[..., Any]) -> Callable[[Portal, Body], Any]:
    """A function of the portal and of the body's keys; what an instant is called `at` or `due` is read as one."""

    def run(portal: Portal, body: Body) -> Any:
        read = {key: datetime.fromisoformat(value) if key in {"at", "due"} else value for key, value in body.items()}
        return {"result": function(portal, **read)}

    return run


def _row(function: Callable[..., str]) -> Callable[[Portal, Body], Any]:
    """Create, edit and delete with the names that the body gives them."""

    def run(portal: Portal, body: Body) -> Any:
        given = dict(body)
        given["kind"] = given.pop("entity", given.get("kind", "deals"))
        if "id" in given:
            given["key"] = given.pop("id")
        if "at" in given:
            given["at"] = events.instant(given["at"])
        return {"id": function(portal, **given)}

    return run


_EVENTS = ("restore", "erase", "merge_deals", "clone", "bulk_edit", "edit_pipeline", "edit_stage", "add_stage",
           "archive_stage", "deactivate_owner", "activate_owner", "link", "hide_property", "show_property",
           "take_scope", "give_scope", "lock", "unlock")  # fmt: skip
_ACTIVITY = ("log_call", "log_email", "log_meeting", "log_note", "log_task", "complete_task")
_ACTIONS: dict[tuple[str, str], Callable[[Portal, Body], Any]] = {
    **COMMON,
    ("GET", "settings"): _settings,
    ("POST", "settings"): _settings,
    ("POST", "settle"): _settle,
    ("GET", "webhooks"): _webhooks,
    ("POST", "webhooks"): _webhooks,
    ("POST", "expire"): lambda portal, _: {"ended": portal.tokens.end()},
    ("POST", "revoke"): _revoke,
    ("POST", "rule"): _rule,
    ("GET", "logins"): logins,
    ("POST", "create"): _row(events.create_as),
    ("POST", "edit"): _row(events.edit_as),
    ("POST", "delete"): _row(events.delete_as),
    **{("POST", name): _plain(getattr(events, name)) for name in _EVENTS},
    **{("POST", name): _plain(getattr(activity, name)) for name in _ACTIVITY},
}
