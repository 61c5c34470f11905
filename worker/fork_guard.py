"""The fork guard: Polars' threads do not survive a fork, and every child of such a parent hangs for ever."""

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
    """Names of Polars' pool threads in this process (Linux; empty elsewhere); its import alone makes none of them."""
    names = (_read(comm) for comm in Path("/proc/self/task").glob("*/comm"))
    return sorted(name for name in names if POOL_THREAD.fullmatch(name))


def refuse_to_fork(**_: object) -> None:
    """End the worker at once, with a sentence, where a fork would hang: Celery swallows a SystemExit from here."""
    if polars_threads():
        print(SENTENCE, file=sys.__stderr__, flush=True)  # Celery redirects sys.stderr
        os._exit(OUR_FAULT)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError:  # the thread ended while we looked
        return ""
