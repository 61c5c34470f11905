"""What `doctor` looks at on this machine: files with secrets, the store and its disk, the broker."""

from __future__ import annotations

import shutil
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from model.errors import SettingsProblem, StoreProblem
from store import AWAY, Store, try_write
from worker.schedule.broker_reach import place_of, why_unreachable
from worker.watching.findings import Finding, or_fine
from worker.watching.secret_files import secret_files
from worker.wiring import store_url

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from store import Health
    from worker.settings import Settings
    from worker.wiring import Services

GIGABYTE: Final = 1_000_000_000
LITTLE, NEXT_TO_NOTHING = GIGABYTE, GIGABYTE // 10
"""Free bytes of the store's disk that are worth a warning, and with which runs soon fail."""


@dataclass(frozen=True)
class Instruments:
    """What `doctor` looks with; tests pass others."""

    disk: Callable[[Path], Any] = shutil.disk_usage
    now: Callable[[Store], datetime] = lambda store: store.database.now()
    """The database's clock."""
    broker: Callable[[Settings], str | None] = why_unreachable


def of_secrets(settings: Settings, config: Path | None) -> list[Finding]:
    """Files that hold secrets or customers' data, and that other users of this machine may read."""
    found = [
        Finding("secrets", "wrong", f"{path} holds {what}, and every user of this machine may read it. {CLOSE}{path}.")
        for path, what in secret_files(settings, config)
        if path.stat().st_mode & stat.S_IROTH
    ]
    return or_fine("secrets", found, "No other user may read the files that hold secrets.")


CLOSE: Final = "Take that away: chmod o-rwx "


def of_store(
    settings: Settings, instruments: Instruments, opened: Callable[[], Services]
) -> tuple[list[Finding], Services | None]:
    """The store, migrated and written to; the services over it where it can be used."""
    try:
        health = Store.look(store_url(settings), instruments.disk)
        services = opened()
        try_write(services.store.database)
    except (SettingsProblem, StoreProblem) as e:
        return [Finding("store", "wrong", str(e))], None
    except AWAY:
        return [Finding("store", "away", "The database went away while it was looked at.")], None
    fine = f"{health.place} can be written and is at migration {health.newest}{_before(health)}{_left(health)}."
    return or_fine("store", _disk(health), fine), services


def _before(health: Health) -> str:
    """Says that opening it has migrated it."""
    if health.migration == health.newest:
        return ""
    return f" (it was at {health.migration} until now)" if health.migration else " (it was made just now)"


def _left(health: Health) -> str:
    return "" if health.free is None else f"; {health.free / GIGABYTE:.1f} GB of its disk are free"


def _disk(health: Health) -> list[Finding]:
    if health.free is None or health.free >= LITTLE:
        return []
    text = f"{health.place}: only {health.free // 1_000_000:,} MB of its disk are free. Free some, or move the store."
    return [Finding("store", "wrong" if health.free < NEXT_TO_NOTHING else "warning", text)]


def of_broker(settings: Settings, instruments: Instruments) -> list[Finding]:
    """Whether messages reach the workers."""
    why, place = instruments.broker(settings), place_of(settings)
    if why is None:
        return [Finding("broker", "ok", f"{place} answers.")]
    if not settings.broker.url.get_secret_value():
        text = f"{place} does not run; `sluicegate worker` and `sluicegate beat` start it."
        return [Finding("broker", "warning", text)]
    text = f"{place} cannot be reached: {why}. Scheduled runs wait until it is back; [broker] url says where it is."
    return [Finding("broker", "away", text)]
