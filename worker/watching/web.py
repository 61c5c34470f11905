"""The small HTTP app beside a worker or a beat: `/metrics`, `/healthz`, `/readyz`, and webhooks of CRMs."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from model.errors import SettingsProblem, SluicegateError
from worker.pipeline.patience import PASSING
from worker.schedule.broker_reach import why_unreachable
from worker.watching.exposition import exposition
from worker.watching.webhooks import Receiver

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from worker.settings import Settings
    from worker.wiring import Services

LIBRARIES: Final = ("starlette", "uvicorn")
OK: Final = "ok"
AWAY: Final = "it cannot be reached"
READY, NOT_READY = 200, 503


def readiness(services: Callable[[], Services], broker: Callable[[], str | None]) -> dict[str, str]:
    """Of store and broker `ok`, or why they cannot be used. No CRM is asked: one that is down takes no worker down."""
    return {"store": _store(services), "broker": broker() or OK}


def _store(services: Callable[[], Services]) -> str:
    try:
        services().store.database.now()
    except (*PASSING, SettingsProblem) as e:
        return str(e) if isinstance(e, SluicegateError) else AWAY
    return OK


def web_app(
    services: Callable[[], Services], broker: Callable[[], str | None], wake: Callable[[], None] = lambda: None
) -> Starlette:
    """The app; `broker` says why the broker cannot be reached. Each endpoint has a thread, since the store blocks.

    `wake` sends what webhooks have noted to the workers.
    """
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse, PlainTextResponse
    from starlette.responses import Response as Plain
    from starlette.routing import Route

    def healthz(_request: Request) -> Response:
        return PlainTextResponse(OK)

    def readyz(_request: Request) -> Response:
        found = readiness(services, broker)
        return JSONResponse(found, READY if set(found.values()) == {OK} else NOT_READY)

    def metrics(request: Request) -> Response:
        text, content_type = exposition(services, request.headers.get("accept", ""))
        return Plain(text, headers={"content-type": content_type})

    receiver = Receiver(services, wake)

    async def webhook(request: Request) -> Response:
        return Plain(status_code=await receiver.status(request))

    endpoints: dict[str, Callable[[Request], Any]] = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}
    routes = [Route(path, endpoint) for path, endpoint in endpoints.items()]
    return Starlette(routes=[*routes, Route("/webhooks/{kind}/{connection}", webhook, methods=["POST"])])


def serve(services: Callable[[], Services], settings: Settings, wake: Callable[[], None]) -> None:
    """Serve until stopped. Raises SettingsProblem without the packages, or where the port is taken."""
    if not all(map(find_spec, LIBRARIES)):
        raise SettingsProblem("`web` needs the packages in requirements-web.lock: ./dev setup web installs them.")
    import uvicorn

    where = settings.web
    app = web_app(services, lambda: why_unreachable(settings), wake)
    config = uvicorn.Config(app, where.host, where.port, lifespan="off", ws="none", log_config=None, access_log=False)
    try:
        uvicorn.Server(config).run()
    except SystemExit:
        raise SettingsProblem(f"[web] Nothing can listen at {where.host}:{where.port}; is the port taken?") from None
