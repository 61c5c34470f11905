"""Single values of the settings that belong to no connection, each checked with a sentence of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pydantic import SecretStr

BROKERS = ("redis://", "rediss://", "redis+socket://", "amqp://", "amqps://")


def clock_time(text: str) -> str:
    """HH:MM of a day of 24 hours."""
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError(f"'{text}' is no time of day; write HH:MM, as in 02:00")
    return text


def carrier(url: SecretStr) -> SecretStr:
    """A URL that Celery can send over, or nothing; the sentence never holds the URL, as it carries a password."""
    text = url.get_secret_value()
    try:
        parts = urlsplit(text)
        right = text.startswith(BROKERS) and (parts.port is None or parts.port > 0)
    except ValueError:
        right = False
    if text and not right:
        raise ValueError(f"write a URL that starts with {', '.join(BROKERS)}, such as redis://HOST:6379/0")
    return url
