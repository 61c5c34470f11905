"""Processes that the product starts: they end with it, and a later start ends those that an earlier one left.

A pid file names the started process and the one that started it, each by host, boot, pid and start time.
"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Final, Self

from store import is_dead, this_process
from worker import end_with_parent
from worker.log import log

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

GRACE_SECONDS: Final = 5.0
WATCH_SECONDS: Final = 1.0
"""How often a process that is kept running is looked for."""
LONGEST_PAUSE_SECONDS: Final = 60.0
"""The longest pause before a process is started again that ends again and again."""
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def note(file: Path, pid: int, parent: int | None = None) -> None:
    """Write the pid file of a started process; `parent` is this process unless given."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(f"{this_process(pid)}\n{this_process(parent)}\n")


def start_with_us(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a program that ends with the thread that starts it.

    `close_fds=False` has Python use posix_spawn. Otherwise it waits on a pipe, and a pool process that another thread
    forks meanwhile keeps the pipe open for as long as it lives.
    """
    starter = [sys.executable, "-I", "-S", end_with_parent.__file__, str(os.getpid())]
    return subprocess.Popen([*starter, *command], close_fds=False)  # noqa: S603 - our own program


class Kept:
    """A program that runs while the block runs. It is started again when it ends or is killed."""

    def __init__(self, command: Sequence[str], file: Path) -> None:
        self._command, self._file, self._ended = command, file, threading.Event()
        self._thread = threading.Thread(target=self._keep, name=file.stem, daemon=True)

    def __enter__(self) -> Self:
        """Start it, after one that an earlier process left."""
        end_left_over(self._file)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._ended.set()
        self._thread.join()

    def _keep(self) -> None:
        process, began, pause = self._start(), time.monotonic(), 0.0
        while not self._ended.wait(WATCH_SECONDS):
            if process.poll() is None:
                continue
            pause = next_pause(pause, time.monotonic() - began)
            log().warning(
                "a process has ended and is started again", name=self._file.stem, code=process.returncode, seconds=pause
            )
            if self._ended.wait(pause):
                break
            process, began = self._start(), time.monotonic()
        _stop(process)
        self._file.unlink(missing_ok=True)

    def _start(self) -> subprocess.Popen[bytes]:
        process = start_with_us(self._command)
        note(self._file, process.pid)
        return process


def next_pause(last: float, lived: float) -> float:
    """Seconds until a process that has ended is started again: each time longer, unless it lived for a while."""
    return 0.0 if lived > LONGEST_PAUSE_SECONDS else min(max(WATCH_SECONDS, 2 * last), LONGEST_PAUSE_SECONDS)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, and after some seconds end it."""
    process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def end_left_over(file: Path) -> bool:
    """End the process of a pid file if its starter is dead and every mark of it matches; returns whether one ended."""
    marks = _marks(file)
    if marks is None:
        return False
    child, parent = marks
    if not is_dead(parent) or not _is_here(child):
        return False
    _end(child)
    file.unlink(missing_ok=True)
    return True


def _marks(file: Path) -> tuple[str, str] | None:
    """The two processes of a pid file; None unless the file is a plain one of ours that nobody else can read."""
    try:
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW)) as opened:
            seen = os.fstat(opened.fileno())
            if not stat.S_ISREG(seen.st_mode) or seen.st_uid != os.getuid() or seen.st_mode & OTHERS:
                return None
            lines = opened.read(1000).splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    whole = [line for line in lines if len(line.split(" ")) == len(this_process().split(" "))]
    return (whole[0], whole[1]) if len(whole) == len(lines) == 2 else None  # noqa: PLR2004 - child and parent


def _is_here(process: str) -> bool:
    """Whether the process runs on this machine now."""
    pid = process.split(" ")[2]
    return pid.isdigit() and this_process(int(pid)) == process and not is_dead(process)


def _end(process: str) -> None:
    """Ask it to end, and after some seconds end it."""
    pid = int(process.split(" ")[2])
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while _is_here(process):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            return
        time.sleep(0.05)
