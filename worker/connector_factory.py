"""Connectors of the connections in the settings."""

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
    from connectors.shared.connection import ConnectionSettings
    from worker.settings import Settings


def open_connector(
    settings: Settings,
    name: str,
    connection: ConnectionSettings,
    *,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    spent: int = 0,
) -> Connector:
    """The connector of a connection; `spent`: its calls in the last 24 hours. Raises SettingsProblem in a sentence."""
    opening = Opening(name, settings.home, lambda: limiter_url(settings), clock, sleep, spent)
    with in_a_sentence(name):
        return crm(connection.kind).open(connection, opening)


@contextmanager
def in_a_sentence(name: str) -> Iterator[None]:
    """A connector's own settings that do not fit together, as a sentence with their place."""
    try:
        yield
    except ValidationError as e:
        first = e.errors()[0]
        place = ".".join(("connections", name, *map(str, first["loc"])))
        raise SettingsProblem(f"{place}: {first['msg'].removeprefix('Value error, ')}.") from None


def limiter_url(settings: Settings) -> str:
    """Where processes share their rate limits: the configured Redis, else a file beside the store."""
    url = settings.broker.url.get_secret_value()
    return url if url.startswith("redis") else str(data_folder(settings) / "limits.db")
