"""Logs: one JSON object per line on standard error, with the bound run and connection. No secrets."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog


def start_logging(**_: object) -> None:
    """Make structlog, and the warnings of libraries, write JSON lines to standard error."""
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
