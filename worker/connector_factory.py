"""Make the connectors of the configured connections."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydantic import ValidationError

from connectors.registry import crm
from connectors.shared.opening import Opening
from model.errors import SettingsProblem
from worker.broker import data_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from connectors.protocol import Connector
    from connectors.shared.client.daily_budget import Allowance
    from connectors.shared.connection import ConnectionSettings
    from worker.settings import Settings


def open_connector(
    settings: Settings,
    name: str,
    connection: ConnectionSettings,
    *,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    allowance: Allowance | None = None,
) -> Connector:
    """The connector of a connection. `allowance`: what it has called and may call. Raises SettingsProblem."""
    opening = Opening(name, settings.home, lambda: limiter_url(settings), clock, sleep, allowance)
    with in_a_sentence(name):
        return crm(connection.kind).open(connection, opening)


@contextmanager
def in_a_sentence(name: str) -> Iterator[None]:
    """A SettingsProblem for connector settings that contradict each other, with their place."""
    try:
        yield
    except ValidationError as e:
        first = e.errors()[0]
        place = ".".join(("connections", name, *map(str, first["loc"])))
        raise SettingsProblem(f"{place}: {first['msg'].removeprefix('Value error, ')}.") from None


def limiter_url(settings: Settings) -> str:
    """Where processes share rate limits: the configured Redis, or a file next to the store."""
    url = settings.broker.url.get_secret_value()
    if url.startswith("redis"):
        return url.replace("redis+socket://", "unix://", 1)  # what the client calls a socket
    return str(data_folder(settings) / "limits.db")
