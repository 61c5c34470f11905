"""The fork guard. Polars' threads do not survive a fork, so a child of such a parent hangs forever."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

OUR_FAULT = 70
POOL_THREAD = re.compile(r"polars-\d+")
SENTENCE = (
    "A frame was evaluated in the worker's parent process: its children would hang for ever. "
    "Move that work into a task, or start the worker with --pool threads."
)


def polars_threads() -> list[str]:
    """Names of Polars' pool threads in this process. Empty outside Linux and after a mere import of Polars."""
    names = (_read(comm) for comm in Path("/proc/self/task").glob("*/comm"))
    return sorted(name for name in names if POOL_THREAD.fullmatch(name))


def refuse_to_fork(**_: object) -> None:
    """Stop the worker with a message if a fork would hang. Celery swallows a SystemExit raised here."""
    if polars_threads():
        print(SENTENCE, file=sys.__stderr__, flush=True)  # Celery redirects sys.stderr
        os._exit(OUR_FAULT)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError:  # the thread ended in the meantime
        return ""
