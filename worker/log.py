"""Logs: one JSON object a line on standard error, with what is bound (run, connection); secrets never come here."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog


def start_logging(**_: object) -> None:
    """Make structlog write JSON lines to standard error; libraries' warnings go the same way."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s", force=True)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def log() -> Any:
    """The logger; structlog's own type is a proxy."""
    return structlog.get_logger()
