"""Wiring: the real clock, store, connectors and policies. Tests pass fakes instead."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING

from model.errors import SettingsProblem
from worker.meter import Meter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from connectors.protocol import Connector
    from connectors.shared.connection import ConnectionSettings
    from store import Store
    from worker.settings import Settings


@dataclass(frozen=True)
class Services:
    """Everything that flows need. Tests can replace each member."""

    settings: Settings
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    store: Store
    connect: Callable[[str], Connector]
    policy_texts: Callable[[], dict[str, bytes]]
    progress: Callable[[str, int], None] = field(default=lambda _what, _count: None)
    trigger: str = "by hand"
    """What starts runs: a person, or the schedule of the worker."""
    slice_deals: int = 100_000
    """Deals that are judged at once: it bounds the memory of a run."""
    budget: Store | None = None
    """The store that counts calls to the CRM, where `store` is a copy that will be deleted."""
    meters: dict[str, Meter] = field(default_factory=dict, repr=False, compare=False)
    """By connection: what counts its connector's calls."""

    def over(self, copy: Store) -> Services:
        """The same over a temporary copy of the store. Calls to the CRM still count in the store itself."""
        return replace(self, store=copy, budget=self.budget or self.store)

    def meter(self, name: str) -> Meter:
        """What counts the calls of a connection; made on first use."""
        return metered(name, self.settings, self.budget or self.store, self.clock, self.meters)

    def connection(self, name: str) -> ConnectionSettings:
        """The settings of one connection. Raises SettingsProblem."""
        return self.settings.connection(name)


def now() -> datetime:
    """The only clock of the product."""
    return datetime.now(UTC)


def wire(settings: Settings, *, progress: Callable[[str, int], None] | None = None) -> Services:
    """Real services for these settings. Make them after a fork, never before."""
    from store import Store

    store, meters = Store.open(store_url(settings)), dict[str, Meter]()
    return Services(
        settings=settings,
        clock=now,
        sleep=time.sleep,
        store=store,
        connect=connecting(settings, store, meters),
        policy_texts=lambda: policy_texts(settings),
        progress=progress or (lambda _what, _count: None),
        meters=meters,
    )


def metered(
    name: str, settings: Settings, store: Store, clock: Callable[[], datetime], meters: dict[str, Meter]
) -> Meter:
    """The meter of a connection, made on first use."""
    if name not in meters:
        meters[name] = Meter(name, store, clock, settings.connection(name))
    return meters[name]


def connecting(settings: Settings, store: Store, meters: dict[str, Meter]) -> Callable[[str], Connector]:
    """What opens each connection once. What its connector learns of the CRM lives as long.

    `meters` counts the calls; it is that of the same services.
    """
    connectors: dict[str, Connector] = {}

    def connect_once(name: str) -> Connector:
        if name not in connectors:
            connectors[name] = connector_for(settings, name, metered(name, settings, store, now, meters))
        return connectors[name]

    return connect_once


def store_url(settings: Settings) -> str:
    """The configured store, or a SQLite file next to the config file. Relative SQLite paths start there too."""
    url = settings.store.url.get_secret_value()
    if not url:
        return f"sqlite:///{settings.home.resolve() / 'sluicegate.db'}"
    prefix = "sqlite:///"
    if url.startswith(prefix) and not url.startswith(prefix + "/"):
        return f"{prefix}{settings.home.resolve() / url.removeprefix(prefix)}"
    return url


def connector_for(settings: Settings, name: str, meter: Meter | None = None) -> Connector:
    """The connector for a connection's kind; `meter` counts its calls."""
    from worker.connector_factory import open_connector

    return open_connector(settings, name, settings.connection(name), clock=now, sleep=time.sleep, allowance=meter)


def policy_texts(settings: Settings) -> dict[str, bytes]:
    """The bytes of every policy file by name, or the starter pack if no paths are set. Raises SettingsProblem."""
    if not settings.policies.paths:
        pack = resources.files("policies") / "packs" / "starter.yaml"
        return {"starter.yaml": pack.read_bytes()}
    return read_policy_files(settings.path(path) for path in settings.policies.paths)


def read_policy_files(paths: Iterable[Path]) -> dict[str, bytes]:
    """The files, and every YAML file in the folders. Raises SettingsProblem for a missing path."""
    files = {str(path): _bytes(path) for path in _yaml_files(paths)}
    if not files:
        raise SettingsProblem("No policy files were found; [policies] paths names files or folders of YAML.")
    return files


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as e:
        raise SettingsProblem(f"The policy file {path} cannot be read: {e.strerror}.") from None


def _yaml_files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted([*path.rglob("*.yaml"), *path.rglob("*.yml")])
        elif path.is_file():
            found.append(path)
        else:
            raise SettingsProblem(f"There is no policy file or folder {path}.")
    return found
