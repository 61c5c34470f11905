"""Where the broker is, and whether it can be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from worker.broker import broker_url

if TYPE_CHECKING:
    from worker.settings import Settings

SECONDS: Final = 3
"""How long a broker is given to answer when somebody asks whether it can be reached."""
_PHRASES: Final = {
    "auth": "it refuses the user or the password",
    "wrongpass": "it refuses the user or the password",
    "access_refused": "it refuses the user or the password",
    "refused": "nothing listens at its host and port",
    "no such file": "nothing listens at its socket",
    "not known": "its host cannot be found",
    "resolution": "its host cannot be found",
    "timed out": "its host does not answer",
    "timeout": "its host does not answer",
    "certificate": "its certificate is not trusted",
}
"""Words of the libraries' texts → ours."""


def place_of(settings: Settings) -> str:
    """Where the broker is, in words, without user and password."""
    url = settings.broker.url.get_secret_value()
    if not url:
        return "The embedded broker"
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def why_unreachable(settings: Settings) -> str | None:
    """Why no message can be sent just now; None where one can. Never repeats what the server says."""
    from kombu.connection import Connection
    from kombu.exceptions import OperationalError

    url = broker_url(settings)
    patience = {} if url.startswith("amqp") else {"socket_connect_timeout": SECONDS, "socket_timeout": SECONDS}
    with Connection(url, connect_timeout=SECONDS, transport_options=patience) as connection:  # type: ignore[no-untyped-call]
        try:
            connection.ensure_connection(max_retries=1, interval_start=0.1, timeout=SECONDS)
            connection.default_channel  # noqa: B018 - Redis is asked only when a channel is made
        except (OperationalError, OSError, *connection.connection_errors, *connection.channel_errors) as e:
            return in_words(e)
    return None


def in_words(error: BaseException) -> str:
    """What an error of a broker or a database means, without its own text."""
    while isinstance(error.__cause__, BaseException):
        error = error.__cause__
    text = f"{type(error).__name__} {error}".lower()
    return next((why for words, why in _PHRASES.items() if words in text), f"it answers with {type(error).__name__}")
