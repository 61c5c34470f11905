"""A process that works on a connection for real, and may kill itself with SIGKILL at a named seam."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from worker.connector_factory import open_connector
from worker.pipeline.run import run
from worker.settings import read_settings
from worker.wiring import Services, wire

if TYPE_CHECKING:
    from datetime import datetime

NAME = "local"
BATCH = 40
processes = multiprocessing.get_context("forkserver")  # its server never evaluates a frame, so its children are sound
WARM = (
    "alembic.command",
    "policies.files.reader",
    "policies.judging.judge",
    "kpis.measure",
    "kpis.dictionary",
    "sqlalchemy.dialects.sqlite",
)
processes.set_forkserver_preload(["tests.worker.processes.kill_target", *WARM])


@dataclass(frozen=True)
class Seam:
    """Where to die: at the `nth` step with a name that begins with `at`, and so many seconds later."""

    at: str = ""
    nth: int = 1
    delay: float = 0.0


@dataclass
class Steps:
    """Counts the steps of a run: statements of the store by their text; page, push, pushed, act, acted of the CRM."""

    seam: Seam | None
    count: int = 0
    fitting: int = 0

    def step(self, name: str) -> None:
        self.count += 1
        if self.seam is None or not name.startswith(self.seam.at):
            return
        self.fitting += 1
        if self.fitting != self.seam.nth:
            return
        if self.seam.delay:
            threading.Timer(self.seam.delay, die).start()
        else:
            die()

    def watch(self) -> None:
        """Count the statements of every database, each just before it is executed."""

        def statement(_tx: Any, _cursor: Any, text: str, *_: Any) -> None:
            self.step(text.lstrip())

        sa.event.listen(sa.Engine, "before_cursor_execute", statement)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Watched:
    """A real connector that counts its pages, pushes and acts as steps."""

    def __init__(self, inner: Any, steps: Steps) -> None:
        self._inner, self._steps = inner, steps

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def push(self, patches: Any) -> Any:
        self._steps.step("push ")
        outcomes = self._inner.push(patches)
        self._steps.step("pushed")
        return outcomes

    def act(self, acts: Any) -> Any:
        self._steps.step("act ")
        receipts = self._inner.act(acts)
        self._steps.step("acted")
        return receipts

    def pull(self, cursors: Any, *, full: bool = False) -> Any:
        for page in self._inner.pull(cursors, full=full):
            self._steps.step("page")
            yield page


def services(config: Path, at: datetime, batch: int, steps: Steps) -> Services:
    """Real services with a stopped clock and batches of any size, so that a small org makes several."""
    settings = read_settings(config)
    connection = settings.connection(NAME)
    opened: Any = open_connector(settings, NAME, connection, clock=lambda: at, sleep=time.sleep)
    opened.batch_size = batch
    connector: Any = Watched(opened, steps)
    note = config.with_name("progress")
    return replace(
        wire(settings),
        clock=lambda: at,
        connect=lambda _name: connector,
        progress=lambda what, count: note.write_text(f"{what} {count:,}") and None,
    )


def work(config: str, at: datetime, seam: Seam | None, batch: int) -> None:
    """One run, in a process of its own; notes how many steps it took."""
    steps = Steps(seam)
    steps.watch()
    made = services(Path(config), at, batch, steps)
    run(made, NAME)
    Path(config).with_name("steps").write_text(str(steps.count))
    made.store.close()


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
