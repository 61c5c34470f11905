"""An ASGI application on a port of this machine, from a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from sandbox.web import MOST_URI

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

TURNS: Final = 20
"""Of the event loop, in which aborted connections are gone."""


class _Server(uvicorn.Server):
    """Stops at once, where uvicorn looks every tenth of a second whether it should.

    Clients keep lines open, and closing TLS politely would wait for them.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        await self._ended.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for _ in range(TURNS):
            if not self.server_state.connections:
                break
            await asyncio.sleep(0)
        await super().shutdown(sockets)

    def end(self) -> None:
        """From another thread."""
        self.should_exit = True
        self._loop.call_soon_threadsafe(self._ended.set)


def start(app: ASGIApp, port: int = 0, *, name: str, **tls: Any) -> tuple[int, Callable[[], None]]:
    """Serve until the returned function is called; the port it got. `tls` is handed to uvicorn."""
    # With the protocol named, asyncio switches Nagle's algorithm off; else each reply waits 40 ms for an ACK.
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(("127.0.0.1", port))
    server = _Server(_config(app, tls))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True, name=name)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("The sandbox server did not start; see its messages above.")
        time.sleep(0.005)

    def stop() -> None:
        server.end()
        thread.join()
        door.close()

    return int(door.getsockname()[1]), stop


def _config(app: ASGIApp, tls: dict[str, Any]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        log_level="error",
        access_log=False,
        timeout_graceful_shutdown=1,
        date_header=False,
        server_header=False,
        h11_max_incomplete_event_size=MOST_URI * 16,
        **tls,
    )
