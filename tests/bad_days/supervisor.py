"""Processes that are started again when they end, as a supervisor of a real machine does it."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
PAUSE_SECONDS: Final = 1.0
"""How long after its end a process is started again."""


@dataclass(frozen=True)
class Program:
    """What is started: a command, what it adds to the environment, and as whom it runs."""

    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    user: int | None = None

    def start(self, log: Path) -> subprocess.Popen[bytes]:
        """A process group of its own that logs into a file."""
        who: dict[str, Any] = {} if self.user is None else {"user": self.user, "group": self.user, "extra_groups": []}
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": "1", **self.environment}
        with log.open("ab") as out:
            return subprocess.Popen(
                self.command, cwd=ROOT if self.user is None else "/", env=environment, start_new_session=True,
                stdout=out, stderr=out, **who,
            )  # fmt: skip


@dataclass
class Supervisor:
    """Programs by name, each a process that is started again a second after its end, unless it is held down."""

    logs: Path
    programs: dict[str, Program]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    starts: Counter[str] = field(default_factory=Counter)
    unasked: list[str] = field(default_factory=list)
    """Processes that ended though nobody had ended them."""
    _not_before: dict[str, float] = field(default_factory=dict)
    _killed: set[int] = field(default_factory=set)
    _ended: threading.Event = field(default_factory=threading.Event)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def named(self, beginning: str) -> list[str]:
        """The programs with a name that begins so."""
        return [name for name in self.programs if name.startswith(beginning)]

    def start(self, name: str) -> None:
        """Start a program."""
        self.starts[name] += 1
        self.running[name] = self.programs[name].start(self.logs / f"{name.replace(' ', '-')}.log")

    def kill(self, *names: str, away: float = 0) -> None:
        """SIGKILL to the groups of these processes; they stay away so many seconds longer than otherwise."""
        with self._lock:
            for name in names:
                process = self.running[name]
                self._killed.add(process.pid)
                self._not_before[name] = max(self._not_before.get(name, 0), time.monotonic() + PAUSE_SECONDS + away)
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            for name in names:
                self.running[name].wait(20)

    def kill_one(self, pid: int, name: str) -> None:
        """SIGKILL to one process of a group."""
        self._killed.add(self.running[name].pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def signal(self, name: str, what: signal.Signals) -> None:
        """A signal to the group of a process."""
        with self._lock, suppress(ProcessLookupError):
            os.killpg(self.running[name].pid, what)

    def stop(self, *names: str) -> dict[str, int]:
        """Ask processes to end, for good; their exit codes."""
        with self._lock:
            for name in names:
                self._not_before[name] = float("inf")
                self._killed.add(self.running[name].pid)
                self.running[name].terminate()
        return {name: self._end_of(name) for name in names}

    def _end_of(self, name: str) -> int:
        try:
            return self.running[name].wait(60)
        except subprocess.TimeoutExpired:
            self.kill(name)
            return -signal.SIGKILL

    def _watch(self) -> None:
        while not self._ended.wait(0.2):
            with self._lock:
                for name, process in list(self.running.items()):
                    self._look(name, process)

    def _look(self, name: str, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            return
        now = time.monotonic()
        if process.pid not in self._killed:
            self._killed.add(process.pid)
            self.unasked.append(f"{name} ended by itself with {process.returncode}")
        if self._not_before.setdefault(name, now + PAUSE_SECONDS) <= now:
            del self._not_before[name]
            self.start(name)

    @contextmanager
    def all(self) -> Iterator[None]:
        """Run them all; at the end nothing is left of them."""
        watch = threading.Thread(target=self._watch, daemon=True)
        watch.start()
        try:
            yield
        finally:
            self._ended.set()
            watch.join()
            self.kill(*self.running)


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def until(happened: Any, seconds: float, what: str) -> float:
    """Wait for something and return the seconds that it took; raises TimeoutError."""
    start = time.monotonic()
    while not happened():
        if time.monotonic() > start + seconds:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.1)
    return time.monotonic() - start
