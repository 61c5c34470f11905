"""Checks of single settings outside connections, each with its own message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pydantic import SecretStr

BROKERS = ("redis://", "rediss://", "redis+socket://", "amqp://", "amqps://")


def clock_time(text: str) -> str:
    """Check that the value is HH:MM in 24-hour form."""
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError(f"'{text}' is no time of day; write HH:MM, as in 02:00")
    return text


def carrier(url: SecretStr) -> SecretStr:
    """Check that Celery supports the URL, if any. The message leaves it out because it holds a password."""
    text = url.get_secret_value()
    try:
        parts = urlsplit(text)
        right = text.startswith(BROKERS) and (parts.port is None or parts.port > 0)
    except ValueError:
        right = False
    if text.partition("://")[2].partition("/")[0].count("@") > 1:
        raise ValueError("percent-encode the password: an @ in it is written %40")
    if text and not right:
        raise ValueError(f"write a URL that starts with {', '.join(BROKERS)}, such as redis://HOST:6379/0")
    return url
