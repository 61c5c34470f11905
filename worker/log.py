"""Logs on standard error: one JSON object a line, or lines for people on a terminal.

Each line of a run carries the run's id and its connection, and in a worker also the job and its time. No line has a
secret or the name of a customer (worker/log_lines/privacy.py). Nothing is logged before `start_logging`: commands
answer on their own.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Final, NoReturn

import structlog

from worker.log_lines.privacy import without_values
from worker.log_lines.screen import line

SHARED: Final[list[Any]] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


POOL: Final = "multiprocessing"
"""The logger of Celery's pool, which hands its lines to no other."""


def _dropped(*_: object) -> NoReturn:
    raise structlog.DropEvent


def stop_logging() -> None:
    """Write nothing, as before `start_logging`."""
    logging.captureWarnings(capture=False)
    structlog.configure(processors=[_dropped], cache_logger_on_first_use=False)


stop_logging()


def start_logging(**_: object) -> None:
    """Make structlog, and the warnings of libraries, write lines to standard error."""
    rendered: list[Any] = [line if sys.stderr.isatty() else structlog.processors.JSONRenderer()]
    handler = logging.StreamHandler(sys.stderr)
    own = [without_values, structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=SHARED, processors=own))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    logging.getLogger(POOL).handlers[:] = [handler]
    structlog.configure(
        processors=[*SHARED, without_values, *rendered],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def log() -> Any:
    """The logger; structlog's own type is a proxy."""
    return structlog.get_logger()
