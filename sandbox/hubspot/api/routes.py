"""Paths to functions; tokens, limits, scopes and refusals on the way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote

from sandbox.hubspot.api import account, oauth, owners, scopes
from sandbox.hubspot.api.call import Call, Reply
from sandbox.hubspot.associations import routes as link_routes
from sandbox.hubspot.errors import ApiError, not_found
from sandbox.hubspot.pipelines import api as pipelines
from sandbox.hubspot.records import api as objects
from sandbox.hubspot.records import batch
from sandbox.hubspot.schema import api as properties
from sandbox.hubspot.schema import groups
from sandbox.hubspot.schema.definitions import kind_of
from sandbox.hubspot.search import api as search

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.hubspot.portal import Portal
    from sandbox.web import Asked

Action: TypeAlias = "Callable[..., Reply]"
_X = r"([\w-]+)"
_OPEN: list[tuple[str, str, Callable[[Portal, Asked], Reply]]] = [
    ("POST", r"/oauth/(?:v1|v3|2026-03)/token", oauth.token),
    ("POST", r"/oauth/(?:v3|2026-03)/token/introspect", oauth.introspect),
    ("POST", r"/oauth/(?:v3|2026-03)/token/revoke", oauth.revoke),
    ("GET", r"/oauth/v1/access-tokens/[^/]+", oauth.access_token),
    ("GET", r"/oauth/v1/refresh-tokens/[^/]+", oauth.refresh_token),
    ("DELETE", r"/oauth/v1/refresh-tokens/[^/]+", oauth.end_refresh),
    ("POST", r"/oauth/v2/private-apps/get/access-token-info", oauth.private_token),
]
_OBJECTS, _PROPERTIES, _PIPELINES = "/crm/v3/objects", "/crm/v3/properties", "/crm/v3/pipelines"
_ROUTES: list[tuple[str, str, Action]] = [
    ("POST", rf"{_OBJECTS}/{_X}/search", search.search),
    ("POST", rf"{_OBJECTS}/{_X}/merge", objects.merge),
    ("POST", rf"{_OBJECTS}/{_X}/batch/read", batch.read),
    ("POST", rf"{_OBJECTS}/{_X}/batch/create", batch.create),
    ("POST", rf"{_OBJECTS}/{_X}/batch/update", batch.update),
    ("POST", rf"{_OBJECTS}/{_X}/batch/upsert", batch.upsert),
    ("POST", rf"{_OBJECTS}/{_X}/batch/archive", batch.archive),
    ("GET", rf"{_OBJECTS}/{_X}", objects.list_page),
    ("POST", rf"{_OBJECTS}/{_X}", objects.create_one),
    ("GET", rf"{_OBJECTS}/{_X}/([^/]+)", objects.get_one),
    ("PATCH", rf"{_OBJECTS}/{_X}/([^/]+)", objects.update_one),
    ("DELETE", rf"{_OBJECTS}/{_X}/([^/]+)", objects.archive_one),
    ("GET", rf"{_PROPERTIES}/{_X}/groups", groups.list_all),
    ("POST", rf"{_PROPERTIES}/{_X}/groups", groups.create_one),
    ("GET", rf"{_PROPERTIES}/{_X}/groups/([^/]+)", groups.get_one),
    ("PATCH", rf"{_PROPERTIES}/{_X}/groups/([^/]+)", groups.update_one),
    ("DELETE", rf"{_PROPERTIES}/{_X}/groups/([^/]+)", groups.archive_one),
    ("POST", rf"{_PROPERTIES}/{_X}/batch/create", properties.batch_create),
    ("POST", rf"{_PROPERTIES}/{_X}/batch/read", properties.batch_read),
    ("POST", rf"{_PROPERTIES}/{_X}/batch/archive", properties.batch_archive),
    ("GET", rf"{_PROPERTIES}/{_X}", properties.list_all),
    ("POST", rf"{_PROPERTIES}/{_X}", properties.create_one),
    ("GET", rf"{_PROPERTIES}/{_X}/([^/]+)", properties.get_one),
    ("PATCH", rf"{_PROPERTIES}/{_X}/([^/]+)", properties.update_one),
    ("DELETE", rf"{_PROPERTIES}/{_X}/([^/]+)", properties.archive_one),
    ("GET", rf"{_PIPELINES}/{_X}", pipelines.list_all),
    ("POST", rf"{_PIPELINES}/{_X}", pipelines.create_one),
    ("GET", rf"{_PIPELINES}/{_X}/([^/]+)", pipelines.get_one),
    ("PATCH", rf"{_PIPELINES}/{_X}/([^/]+)", pipelines.update_one),
    ("PUT", rf"{_PIPELINES}/{_X}/([^/]+)", pipelines.update_one),
    ("DELETE", rf"{_PIPELINES}/{_X}/([^/]+)", pipelines.archive_one),
    ("GET", rf"{_PIPELINES}/{_X}/([^/]+)/stages", pipelines.list_stages),
    ("POST", rf"{_PIPELINES}/{_X}/([^/]+)/stages", pipelines.create_stage),
    ("GET", rf"{_PIPELINES}/{_X}/([^/]+)/stages/([^/]+)", pipelines.get_stage),
    ("PATCH", rf"{_PIPELINES}/{_X}/([^/]+)/stages/([^/]+)", pipelines.update_stage),
    ("PUT", rf"{_PIPELINES}/{_X}/([^/]+)/stages/([^/]+)", pipelines.update_stage),
    ("DELETE", rf"{_PIPELINES}/{_X}/([^/]+)/stages/([^/]+)", pipelines.archive_stage),
    ("GET", r"/crm/v3/owners", owners.list_owners),
    ("GET", r"/crm/v3/owners/([^/]+)", owners.get_owner),
    ("GET", r"/account-info/v3/details", account.details),
    ("GET", r"/account-info/v3/api-usage/daily/private-apps", account.usage),
    ("GET", r"/settings/v3/currencies/exchange-rates", account.currencies),
    *link_routes.ROUTES,
]
_COMPILED = [(method, re.compile(pattern + "/?"), action) for method, pattern, action in _ROUTES]
_COMPILED_OPEN = [(method, re.compile(pattern), action) for method, pattern, action in _OPEN]


def handle(portal: Portal, asked: Asked) -> Reply:
    """The answer to any call; refusals become the JSON that HubSpot sends."""
    try:
        for method, pattern, action in _COMPILED_OPEN:
            if method == asked.method and pattern.fullmatch(asked.path):
                return action(portal, asked)
        return _known(portal, asked)
    except ApiError as error:
        return error_reply(error)


def error_reply(error: ApiError) -> Reply:
    """A refusal as an answer."""
    body = error.body()
    return Reply(body, error.status, {"X-HubSpot-Correlation-Id": body["correlationId"]})


def _known(portal: Portal, asked: Asked) -> Reply:
    token = portal.tokens.of(asked.headers.get("authorization", ""))
    call = Call(portal, asked, token)
    searching = asked.path.endswith("/search")
    try:
        portal.limits.spend(token, search=searching)
        reply = _dispatch(call)
    except ApiError as error:
        reply = error_reply(error)
    if not searching:
        reply.headers |= portal.limits.headers(token)
    return reply


def _dispatch(call: Call) -> Reply:
    found = [(m, a, p.fullmatch(call.asked.path)) for m, p, a in _COMPILED]
    fitting = [(method, action, match) for method, action, match in found if match]
    for method, action, match in fitting:
        if method == call.asked.method:
            parts = [unquote(part) for part in match.groups()]
            for wanted in _needed(call.asked, parts):
                scopes.demand(call.token, wanted)
            return action(call, *parts)
    if fitting:
        raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP method {call.asked.method} is not allowed here")
    raise not_found("Unable to find the requested resource")


def _needed(asked: Asked, parts: list[str]) -> list[list[str]]:
    """Lists of scopes; of each the call needs one."""
    reading = asked.method == "GET" or asked.path.endswith(("/batch/read", "/search"))
    area = asked.path.split("/")[3] if asked.path.startswith("/crm/") else ""
    if area == "owners":
        return [scopes.owners()]
    if area in {"properties", "pipelines"}:
        return [scopes.schemas(kind_of(parts[0]), write=not reading)]
    if area in {"objects", "associations"}:
        return [scopes.objects(kind_of(name), write=not reading) for name in _kinds(asked, parts)]
    return [scopes.currencies()] if asked.path.startswith("/settings/") else []


def _kinds(asked: Asked, parts: list[str]) -> list[str]:
    """Object types that a call is about: associations show both their ends."""
    if asked.path.startswith("/crm/v4/objects/"):
        return parts[0:3:2]
    return parts[:2] if "/associations/" in asked.path else parts[:1]
