"""`doctor`: what is wrong with the installation and its connections, and what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from worker.watching import crms, liveness, machine, work
from worker.watching.findings import Finding
from worker.watching.machine import Instruments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from worker.settings import Settings
    from worker.wiring import Services

REST: Final = "Nothing else was looked at, because all else needs a store that can be written."
REAL: Final = Instruments()


def examine(
    settings: Settings,
    opened: Callable[[], Services],
    config: Path | None = None,
    *,
    ask: bool = True,
    instruments: Instruments = REAL,
) -> Iterator[Finding]:
    """Every finding, topic by topic; a topic that is fine is one line. `opened` gives the services.

    Without `ask` no CRM is called.
    """
    yield from machine.of_secrets(settings, config)
    found, services = machine.of_store(settings, instruments, opened)
    yield from found
    yield from machine.of_broker(settings, instruments)
    if services is None:
        yield Finding("store", "note", REST)
        return
    yield from _in_the_store(replace(services, sleep=_at_once), instruments, ask=ask)


def _in_the_store(services: Services, instruments: Instruments, *, ask: bool) -> Iterator[Finding]:
    now = instruments.now(services.store)
    yield from liveness.of_beat(services, now)
    yield from liveness.of_workers(services, now)
    asked = crms.ask_all(services) if ask else crms.Asked()
    yield from liveness.of_clock(services, now, asked.clocks)
    if ask:
        yield from crms.of_connections(services, asked)
    yield from crms.of_certificates(services, asked)
    yield from work.of_budgets(services)
    yield from work.of_feeds(services)
    yield from work.of_sync(services)
    yield from work.of_pauses(services)
    yield from work.of_set_aside(services)


def _at_once(_seconds: float) -> None:
    """Somebody waits for the answer, so nothing is waited for."""
