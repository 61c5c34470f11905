"""Logs on standard error: one JSON object a line, or lines for people on a terminal. No secrets.

Each line of a run carries the run's id and its connection. Nothing is logged before `start_logging`: commands answer on
their own.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Final, NoReturn

import structlog

from worker.log_screen import line

SHARED: Final[list[Any]] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def _dropped(*_: object) -> NoReturn:
    raise structlog.DropEvent


def stop_logging() -> None:
    """Write nothing, as before `start_logging`."""
    structlog.configure(processors=[_dropped], cache_logger_on_first_use=False)


stop_logging()


def start_logging(**_: object) -> None:
    """Make structlog, and the warnings of libraries, write lines to standard error."""
    rendered: list[Any] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    if sys.stderr.isatty():
        rendered = [line]
    handler = logging.StreamHandler(sys.stderr)
    plain = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=SHARED, processors=[plain, *rendered]))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    structlog.configure(
        processors=[*SHARED, *rendered],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def log() -> Any:
    """The logger; structlog's own type is a proxy."""
    return structlog.get_logger()
