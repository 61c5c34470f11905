"""`POST /webhooks/KIND/CONNECTION`: a CRM says on which records somebody works. They are noted, and nothing more.

Anybody may call it, so a request costs little until its signature has been checked, and nothing of it enters a log.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from typing import TYPE_CHECKING, Final

from connectors.registry import KINDS, crm
from connectors.shared.webhooks import Delivery
from model.errors import SettingsProblem
from worker.log import log
from worker.pipeline.patience import PASSING

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from connectors.shared.webhooks import Records, Webhooks
    from worker.wiring import Services

LARGEST: Final = 1 << 19
"""Bytes of a body: a hundred events at once, of some hundred bytes each, with room to spare."""
SECONDS: Final = 5
"""How long a sender may take for its body, and how long settings are used before they are read again."""
QUIET: Final = 60
"""Seconds between two lines in the log on requests that were refused."""
NOTED, REFUSED, TOO_LARGE, AWAY = 204, 401, 413, 503
NOBODY: Final = secrets.token_hex(32)
"""The secret of connections that take no webhooks: nobody knows it."""


class Receiver:
    """Checks requests and notes what they name. `services` reads the settings; `wake` has the nudges sent."""

    def __init__(self, services: Callable[[], Services], wake: Callable[[], None]) -> None:
        self._read, self._wake = services, wake
        self._kept: Services | None = None
        self._until = self._quiet_until = 0.0
        self._waking = threading.Lock()

    async def status(self, request: Request) -> int:
        """The answer to a request, as a status: noted, refused, too large, or to be sent again."""
        hooks = _hooks(request.path_params["kind"])
        headers = dict(request.headers.items())
        try:
            services = await asyncio.to_thread(self._services)
        except (*PASSING, SettingsProblem):
            return AWAY
        if hooks is None or not hooks.may_be_signed(headers, services.clock()):
            return REFUSED
        body = await _body(request)
        if body is None:
            return TOO_LARGE
        delivery = Delivery(request.method, _uri(request, services.settings.web.public_url), headers, body)
        return await asyncio.to_thread(self._checked, services, hooks, request.path_params["connection"], delivery)

    def _services(self) -> Services:
        """The services, with settings that are some seconds old at most: reading them anew costs more than a check."""
        if self._kept is None or time.monotonic() >= self._until:
            self._kept, self._until = self._read(), time.monotonic() + SECONDS
        return self._kept

    def _checked(self, services: Services, hooks: Webhooks, name: str, delivery: Delivery) -> int:
        connection = services.settings.connections.get(name)
        mine = connection is not None and connection.nudged and crm(connection.kind).webhooks is hooks
        secret = getattr(connection, "webhook_secret", None) if mine else None
        if not hooks.is_signed(delivery, secret.get_secret_value() if secret else NOBODY):
            self._say_refused(name if connection else "")
            return REFUSED
        return self._note(services, name, hooks.records(delivery, connection))

    def _note(self, services: Services, name: str, records: Records) -> int:
        try:
            services.store.nudges.note(name, records, services.clock())
        except SettingsProblem:  # the connection has never run, or was removed: there is nothing to bring up to date
            return NOTED
        except PASSING:
            return AWAY
        if records:
            threading.Thread(target=self._wake_once, daemon=True).start()
        return NOTED

    def _wake_once(self) -> None:
        """Have nudges sent, unless that is under way; what is missed then, beat sends at its next look."""
        if self._waking.acquire(blocking=False):
            try:
                self._wake()
            finally:
                self._waking.release()

    def _say_refused(self, connection: str) -> None:
        if time.monotonic() >= self._quiet_until:
            self._quiet_until = time.monotonic() + QUIET
            log().warning("webhooks with a wrong signature are refused", connection=connection or "(unknown)")


def _hooks(kind: str) -> Webhooks | None:
    return crm(kind).webhooks if kind in KINDS else None


def _uri(request: Request, public_url: str) -> str:
    """The address that the sender called: behind a proxy it begins with another host and scheme than here."""
    path, query = request.scope.get("raw_path", b"").decode("latin-1"), request.scope["query_string"].decode("latin-1")
    start = public_url.rstrip("/") or f"{request.url.scheme}://{request.headers.get('host', '')}"
    return f"{start}{path}{'?' if query else ''}{query}"


async def _body(request: Request) -> bytes | None:
    """The raw body; None where it is too large or comes too slowly."""
    if not request.headers.get("content-length", "0").isdecimal():
        return None
    if int(request.headers.get("content-length", "0")[:12]) > LARGEST:
        return None
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > LARGEST:
                    return None
    except TimeoutError:
        return None
    return bytes(body)
