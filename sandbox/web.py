"""The ASGI side of a local CRM: bytes in, faults, bytes out."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from starlette.types import ASGIApp, Receive, Scope, Send

    from sandbox.clock import Clock
    from sandbox.faults import Fault, Faults

MOST_URI = 16_384
WITHOUT_BODY = frozenset({204, 304})
"""Statuses with which HTTP allows no body."""
CONTROL = "/__sandbox__/"
"""Below this lies the door for tests; it is no part of any CRM."""


@dataclass(frozen=True)
class Asked:
    """One request as it came. Header names are in lower case, `query` keeps repeated names."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes
    base: str
    """Scheme, host and port that the caller used."""
    target: str
    """Path and query as sent."""


@dataclass
class Reply:
    """One answer. `body` is JSON unless it is text or bytes; None sends no body."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/json;charset=UTF-8"

    def bytes(self) -> bytes:
        """The body as sent."""
        if self.body is None:
            return b""
        if isinstance(self.body, str):
            return self.body.encode()
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)


class World(Protocol):
    """What a CRM's door needs of it."""

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """Held while a call is answered."""

    @property
    def clock(self) -> Clock:
        """The server's time."""

    @property
    def faults(self) -> Faults:
        """What waits to go wrong."""


W = TypeVar("W", bound=World)


class Door(ABC, Generic[W]):
    """Takes the calls for one CRM."""

    def __init__(self, world: W) -> None:
        self.world = world

    def control(self, asked: Asked) -> Reply:
        """The answer to a call below `CONTROL`."""
        with self.world.lock:
            return self.controlled(asked)

    def answer(self, asked: Asked, fault: Fault | None) -> Reply:
        """The answer to any other call; a fault of kind error or garbage takes its place."""
        if fault and fault.how == "garbage":
            return Reply("<!doctype html><p>We are sorry, something went wrong.</p>", kind="text/html")
        if fault and fault.how == "error":
            return self.refused(fault) if fault.code else Reply(fault.body, fault.status, kind="text/html")
        if len(asked.target) > MOST_URI:
            return Reply("<html><body><h1>414 URI Too Long</h1></body></html>", 414, kind="text/html")
        with self.world.lock:
            return self.handled(asked)

    @abstractmethod
    def controlled(self, asked: Asked) -> Reply:
        """What the tests' door says."""

    @abstractmethod
    def handled(self, asked: Asked) -> Reply:
        """What the CRM says."""

    @abstractmethod
    def refused(self, fault: Fault) -> Reply:
        """A fault with a code as the CRM words it."""

    @abstractmethod
    def log(self, asked: Asked, outcome: str) -> None:
        """Note a call: a status, with the fault's kind, or `dropped`."""


def application(door: Door[Any]) -> ASGIApp:
    """The server of one CRM."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            asked = await _read(scope, receive)
        except ClientDisconnect:  # whoever asked was killed in the middle of it
            return
        if asked.path.startswith(CONTROL):
            await _send(door, door.control(asked), scope, receive, send)
            return
        await asyncio.sleep(door.world.faults.latency)
        fault = door.world.faults.next(asked.method, asked.target)
        if fault and fault.how == "hang":
            await asyncio.sleep(fault.seconds)
            if fault.until:
                await asyncio.to_thread(fault.until)
        if fault and fault.how == "drop":
            door.log(asked, "dropped")
            _abort(send)
            return
        reply = door.answer(asked, fault)
        if door.world.faults.twist:
            reply = door.world.faults.twist(asked, reply)
        door.log(asked, str(reply.status) if not fault else f"{reply.status} {fault.how}")
        if fault and fault.how == "drop_after":
            _abort(send)
        elif fault and fault.how == "truncate":
            await _half(reply, send)
        else:
            await _send(door, reply, scope, receive, send)

    return app


async def _read(scope: Scope, receive: Receive) -> Asked:
    request = Request(scope, receive)
    headers = {k.lower(): v for k, v in request.headers.items()}
    query = str(scope["query_string"], "latin-1")
    return Asked(
        request.method,
        request.url.path,
        request.query_params.multi_items(),
        headers,
        await request.body(),
        f"{scope['scheme']}://{headers.get('host', '')}",
        f"{request.url.path}?{query}",
    )


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


async def _send(door: Door[Any], reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
    date = format_datetime(door.world.clock.now().replace(microsecond=0), usegmt=True)
    headers = {"date": date, "content-type": reply.kind, **reply.headers}
    body = b"" if reply.status in WITHOUT_BODY else reply.bytes()
    if reply.status == 204:  # noqa: PLR2004 - no content
        del headers["content-type"]
    await Response(body, reply.status, headers)(scope, receive, send)
