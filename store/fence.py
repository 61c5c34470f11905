"""The fence: the right to write for a connection, and whether a holder's process is alive."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from model.errors import ConnectionBusy
from store import mirror_tables

if TYPE_CHECKING:
    from datetime import datetime

table = mirror_tables.lease
HELD = sa.select(table).where(table.c.connection == sa.bindparam("key")).with_for_update()
"""The lease of a connection, locked; built once, for every write asks it."""


@dataclass(frozen=True)
class Lease:
    """The right to write for one connection; `fence` is greater than that of every earlier holder."""

    connection: str
    key: int
    fence: int
    holder: str
    until: datetime
    ended: tuple[tuple[int, str], ...] = ()
    """Runs of earlier holders that were still open, each with the state that it has now."""


def this_process(pid: int | None = None) -> str:
    """An id of a live process: host, boot, pid and its start in clock ticks since boot."""
    pid = os.getpid() if pid is None else pid
    return f"{socket.gethostname()} {_read('/proc/sys/kernel/random/boot_id')} {pid} {_started(pid)}"


def is_dead(process: str) -> bool:
    """Whether the process ran on this machine and has certainly ended."""
    host, boot, pid, started = process.split(" ")
    if host != socket.gethostname():
        return False
    if boot != _read("/proc/sys/kernel/random/boot_id"):
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # it runs as another user
    return _started(int(pid)) != started


def _started(pid: int) -> str:
    """Field 22 of /proc/PID/stat, counted after the command's name, which may contain spaces; `-` for a zombie."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 and fields[0] != "Z" else "-"  # noqa: PLR2004 - see proc(5)


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip() or "-"
    except OSError:
        return "-"


def assert_held(tx: sa.Connection, lease: Lease) -> None:
    """Check that the lease is still held; raises ConnectionBusy if another holder has taken it."""
    row = tx.execute(HELD, {"key": lease.key}).one_or_none()
    if row is None or row.fence != lease.fence or not row.held:
        now = f"{row.holder} has held it since {row.since:%Y-%m-%d %H:%M:%S} UTC" if row and row.held else "nobody has"
        raise ConnectionBusy(
            f"{lease.holder} lost the lease on connection {lease.connection!r} ({now}); nothing was written: run again"
        )
