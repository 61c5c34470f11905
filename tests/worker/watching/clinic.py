"""A team, and what `doctor` says about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from store import this_process
from worker.watching.doctor import examine
from worker.watching.machine import Instruments

if TYPE_CHECKING:
    from worker.watching.findings import Finding

PLENTY = 52_800_000_000


@dataclass
class Clinic:
    """`free`: bytes of the store's disk; `broker`: why it cannot be reached; the database's clock is the team's."""

    team: Any
    free: int = PLENTY
    broker: str | None = None
    database_off: Any = None
    config: Any = None
    opened: Any = None
    """What opens the services, if not those of the team are to be had."""
    found: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Somebody sends, somebody works, and nobody else may read the store."""
        (self.team.services.settings.home / "sluicegate.db").chmod(0o600)
        self.alive("beat", this_process())
        self.alive("worker", "elsewhere boot 7 1")

    def alive(self, kind: str, process: str) -> None:
        """A process says that it is alive, by the team's clock."""
        at = int(self.team.services.clock().timestamp()) * 1_000_000
        with self.team.services.store.database.writing() as sql:
            sql.upsert("process", ("process", "kind", "since", "seen_at"), [(process, kind, at, at)], ["process"])

    def examined(self, **options: Any) -> list[Finding]:
        services = self.team.services
        off = self.database_off

        def now(_store: Any) -> Any:
            at = services.clock().replace(microsecond=0)
            return at + off if off else at

        instruments = Instruments(
            disk=lambda _path: SimpleNamespace(free=self.free), now=now, broker=lambda _settings: self.broker
        )
        found = examine(
            services.settings, self.opened or (lambda: services), self.config, instruments=instruments, **options
        )
        self.found = list(found)
        return self.found

    def says(self, topic: str, **options: Any) -> list[str]:
        """The sentences about a topic, each with its level."""
        return [f"{one.level}: {one.text}" for one in self.examined(**options) if one.topic == topic]

    def troubled(self, **options: Any) -> dict[str, list[str]]:
        """The topics that are neither fine nor merely noted."""
        found: dict[str, list[str]] = {}
        for one in self.examined(**options):
            if one.level not in ("ok", "note"):
                found.setdefault(one.topic, []).append(f"{one.level}: {one.text}")
        return found
