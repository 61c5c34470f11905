"""A process that works on a connection for real, and may kill itself with SIGKILL at a named seam."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from worker.doors import salesforce
from worker.flows.run import run
from worker.settings import read_settings
from worker.wiring import Services, wire

if TYPE_CHECKING:
    from datetime import datetime

NAME = "local"
BATCH = 40
processes = multiprocessing.get_context("forkserver")  # its server never evaluates a frame, so its children are sound
WARM = (
    "alembic.command",
    "policies.reader",
    "policies.judge",
    "kpis.measure",
    "kpis.dictionary",
    "sqlalchemy.dialects.sqlite",
)
processes.set_forkserver_preload(["tests.worker.victim", *WARM])


@dataclass(frozen=True)
class Seam:
    """Where to die: at the `nth` time that a statement of the store begins with `at`, or at a call of the CRM."""

    kind: Literal["before statement", "before push", "after push", "after page"]
    at: str = ""
    nth: int = 1


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Countdown:
    """Dies at its nth strike."""

    left: int

    def strike(self) -> None:
        self.left -= 1
        if self.left == 0:
            die()


class MortalConnector:
    """A real connector that dies at its seam."""

    def __init__(self, inner: Any, seam: Seam | None) -> None:
        self._inner, self._seam = inner, seam
        self._countdown = Countdown(seam.nth if seam else 0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def push(self, patches: Any) -> Any:
        self._reached("before push")
        outcomes = self._inner.push(patches)
        self._reached("after push")
        return outcomes

    def pull(self, cursors: Any, *, full: bool = False) -> Any:
        for page in self._inner.pull(cursors, full=full):
            self._reached("after page")
            yield page

    def _reached(self, kind: str) -> None:
        if self._seam and self._seam.kind == kind:
            self._countdown.strike()


def services(config: Path, at: datetime, seam: Seam | None = None, batch: int = BATCH) -> Services:
    """Real services whose clock stands, with small batches, so that a small org makes several."""
    settings = read_settings(config)
    door: Any = salesforce(settings, NAME, settings.connection(NAME), clock=lambda: at, sleep=time.sleep)
    door.batch_size = batch
    connector: Any = MortalConnector(door, seam)
    step = config.with_name("step")
    return replace(
        wire(settings),
        clock=lambda: at,
        connect=lambda _name: connector,
        progress=lambda what, count: step.write_text(f"{what} {count:,}") and None,
    )


def work(config: str, at: datetime, seam: Seam | None, batch: int) -> None:
    """One run, in a process of its own."""
    if seam and seam.kind == "before statement":
        die_before(seam)
    made = services(Path(config), at, seam, batch)
    run(made, NAME)
    made.store.close()


def die_before(seam: Seam) -> None:
    """Die in the middle of a transaction: just before the nth statement that begins so is executed."""
    countdown = Countdown(seam.nth)

    def watch(_tx: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().startswith(seam.at):
            countdown.strike()

    sa.event.listen(sa.Engine, "before_cursor_execute", watch)


def start(config: Path, at: datetime, seam: Seam | None = None, batch: int = BATCH) -> Any:
    """A process that runs; `kill()` it, or wait for its end."""
    process = processes.Process(target=work, args=(str(config), at, seam, batch), daemon=True)
    process.start()
    return process


def ended(process: Any, seconds: float = 120) -> int:
    """Its exit code, -9 where it was killed; raises TimeoutError."""
    process.join(seconds)
    if process.exitcode is None:
        process.kill()
        raise TimeoutError("the run did not end")
    return process.exitcode
