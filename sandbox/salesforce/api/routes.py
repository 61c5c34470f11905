"""Paths to functions; tokens, the daily limit and errors on the way."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from sandbox.salesforce.api import auth, changes, collections, composite, describe, jobs, rows, tooling, upserts
from sandbox.salesforce.api.call import Call, Reply
from sandbox.salesforce.errors import ApiError, not_found, session_expired
from sandbox.web import MOST_URI

if TYPE_CHECKING:
    from collections.abc import Callable

Action: TypeAlias = "Callable[..., Reply]"
_ROW = r"sobjects/(\w+)/([A-Za-z0-9]{15}|[A-Za-z0-9]{18}|[^/]+)"
_DATA: list[tuple[str, str, Action]] = [
    ("GET", r"", describe.resources),
    ("GET", r"limits", describe.limits),
    ("GET", r"sobjects", describe.catalogue),
    ("GET", r"sobjects/(\w+)/describe", describe.describe),
    ("GET", r"sobjects/(\w+)/updated", changes.updated),
    ("GET", r"sobjects/(\w+)/deleted", changes.deleted),
    ("GET", r"tooling/query", tooling.query),
    ("POST", r"tooling/sobjects/(\w+)", tooling.create),
    ("GET", r"tooling/sobjects/(\w+)/describe", describe.describe),
    ("GET", r"tooling/sobjects/(\w+)/(\w+)", tooling.read),
    ("PATCH", r"tooling/sobjects/(\w+)/(\w+)", tooling.update),
    ("DELETE", r"tooling/sobjects/(\w+)/(\w+)", tooling.delete),
    ("GET", r"query", rows.query),
    ("GET", r"queryAll", rows.query_all),
    ("GET", r"query(?:All)?/(\w+-?\d*)", rows.query_more),
    ("POST", r"jobs/query", jobs.create),
    ("GET", r"jobs/query", jobs.listed),
    ("GET", r"jobs/query/(\w+)", jobs.about),
    ("PATCH", r"jobs/query/(\w+)", jobs.abort),
    ("DELETE", r"jobs/query/(\w+)", jobs.delete),
    ("GET", r"jobs/query/(\w+)/results", jobs.results),
    ("GET", r"sobjects/(\w+)", describe.about),
    ("POST", r"sobjects/(\w+)", rows.create_row),
    ("PATCH", r"sobjects/(\w+)/(\w+)/([^/]+)", upserts.upsert_row),
    ("GET", _ROW, rows.get_row),
    ("PATCH", _ROW, rows.update_row),
    ("DELETE", _ROW, rows.delete_row),
    ("POST", r"composite", lambda call: composite.run(call, dispatch)),
    ("POST", r"composite/sobjects", collections.create_rows),
    ("PATCH", r"composite/sobjects/(\w+)/(\w+)", upserts.upsert_rows),
    ("PATCH", r"composite/sobjects", collections.update_rows),
    ("DELETE", r"composite/sobjects", collections.delete_rows),
    ("GET", r"composite/sobjects/(\w+)", collections.read_rows),
    ("POST", r"composite/sobjects/(\w+)", collections.read_rows),
]
_COMPILED = [(method, re.compile(pattern), action) for method, pattern, action in _DATA]
_VERSIONED = re.compile(r"/services/data/v(\d+\.\d+)/?(.*?)/?")


def handle(call: Call) -> Reply:
    """The answer to any call; refusals become the JSON that Salesforce sends."""
    try:
        return _routed(call)
    except ApiError as error:
        return Reply([error.row()], error.status)


def _routed(call: Call) -> Reply:
    if call.path == "/services/oauth2/token" and call.method == "POST":
        return auth.token(call)
    if call.path.startswith("/services/Soap/u/"):
        return auth.soap_login(call)
    if call.path.rstrip("/") == "/services/data":
        return describe.versions(call)
    if sum(len(k) + len(v) + 4 for k, v in call.headers.items()) + len(call.path) > MOST_URI:
        return Reply("<h1>Request Header Fields Too Large</h1>", 431, kind="text/html")
    known = replace(call, user_id=call.org.logins.user_of(_token(call)))
    if call.path.startswith(("/id/", "/services/oauth2/userinfo")):
        return auth.identity(known)
    return _data(known)


def _token(call: Call) -> str:
    kind, _, token = call.headers.get("authorization", "").partition(" ")
    if kind.lower() not in {"bearer", "oauth"}:
        raise (ApiError("INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE", status=401) if kind else session_expired())
    return token


def _data(call: Call) -> Reply:
    match = _VERSIONED.fullmatch(call.path)
    if not match or int(float(match[1])) not in describe.VERSIONS:
        raise not_found()
    _spend(call)
    reply = dispatch(replace(call, version=match[1]), match[2])
    reply.headers["Sforce-Limit-Info"] = f"api-usage={call.org.used}/{call.org.settings.daily_limit}"
    return reply


def _spend(call: Call) -> None:
    if call.org.used >= call.org.settings.daily_limit:
        raise ApiError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)
    call.org.used += 1


def dispatch(call: Call, path: str) -> Reply:
    """The action behind a path below the version; errors of the action keep the limit header."""
    found = [(m, a, p.fullmatch(path)) for m, p, a in _COMPILED]
    fitting = [(method, action, match) for method, action, match in found if match]
    for method, action, match in fitting:
        if method == call.method:
            try:
                return action(call, *match.groups())
            except ApiError as error:
                return Reply([error.row()], error.status)
    if fitting:
        raise ApiError("METHOD_NOT_ALLOWED", f"HTTP Method '{call.method}' not allowed.", status=405)
    raise not_found()
