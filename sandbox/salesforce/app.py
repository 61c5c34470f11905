"""The ASGI side: bytes in, faults, bytes out."""

from __future__ import annotations

import asyncio
from email.utils import format_datetime
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from sandbox.salesforce import control
from sandbox.salesforce.call import Call, Reply
from sandbox.salesforce.routes import MOST_URI, handle

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from sandbox.salesforce.faults import Fault
    from sandbox.salesforce.org import Org


def application(org: Org) -> ASGIApp:
    """The server of one org."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        call = await _read(org, Request(scope, receive))
        if call.path.startswith("/__sandbox__/"):
            with org.lock:
                reply = control.handle(call)
            await _send(org, reply, scope, receive, send)
            return
        target = call.path + "?" + str(scope["query_string"], "latin-1")
        fault = org.faults.next(call.method, target)
        if fault and fault.how == "hang":
            await asyncio.sleep(fault.seconds)
        if fault and fault.how == "drop":
            _log(org, call, "dropped")
            _abort(send)
            return
        reply = _answer(org, call, fault, len(target))
        _log(org, call, str(reply.status) if not fault else f"{reply.status} {fault.how}")
        if fault and fault.how == "drop_after":
            _abort(send)
        elif fault and fault.how == "truncate":
            await _half(reply, send)
        else:
            await _send(org, reply, scope, receive, send)

    return app


async def _read(org: Org, request: Request) -> Call:
    headers = {k.lower(): v for k, v in request.headers.items()}
    base = f"https://{headers.get('host', '')}"
    body = await request.body()
    return Call(org, request.method, request.url.path, dict(request.query_params), headers, body, base)


def _answer(org: Org, call: Call, fault: Fault | None, size: int) -> Reply:
    if fault and fault.how == "garbage":
        return Reply("<!doctype html><p>We are sorry, something went wrong.</p>", kind="text/html")
    if fault and fault.how == "error":
        if fault.code == "INVALID_SESSION_ID":
            org.logins.expire()
        if fault.code is None:
            return Reply(fault.body, fault.status, kind="text/html")
        return Reply([{"message": fault.message, "errorCode": fault.code}], fault.status)
    if size > MOST_URI:
        return Reply("<h1>URI Too Long</h1>", 414, kind="text/html")
    with org.lock:
        return handle(call)


def _log(org: Org, call: Call, outcome: str) -> None:
    token = call.headers.get("authorization", "").partition(" ")[2]
    user = org.tables["User"].rows.get(org.logins.sessions.get(token, ""), {}).get("Username")
    query = call.params.get("q")
    entry = {"at": org.clock.stamp(), "user": user, "method": call.method, "path": call.path, "query": query}
    org.calls.append({**entry, "outcome": outcome})


def _abort(send: Send) -> None:
    """Cut the line without an answer; only the server's own `send` knows its transport."""
    cycle = getattr(send, "__self__")  # noqa: B009 - a bound method's owner
    cycle.disconnected = True
    cycle.transport.abort()


async def _half(reply: Reply, send: Send) -> None:
    body = reply.bytes() or b"{}"
    headers = [(b"content-type", reply.kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    await asyncio.sleep(0.01)
    _abort(send)


async def _send(org: Org, reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
    headers = {
        **reply.headers,
        "date": format_datetime(org.clock.now(), usegmt=True),
        "content-type": reply.kind,
    }
    if reply.status == 204:  # noqa: PLR2004 - no content
        del headers["content-type"]
    await Response(reply.bytes(), reply.status, headers)(scope, receive, send)
