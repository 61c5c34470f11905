"""`soak`: people edit and nothing else happens; what the product needs for it, and whether that stays the same."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from store.mirror_tables import metadata
from tests.bad_days import servers
from tests.bad_days.people import Probe, at_work
from tests.bad_days.supervisor import children
from worker.wiring import now

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator

    from tests.bad_days.estate import Estate

SAMPLE_SECONDS = 10.0
KILOBYTE = 1024


@dataclass
class Measured:
    """What is seen while people edit: seconds from an edit to its flag, and megabytes of each process over time."""

    estate: Estate
    dice: Random
    lags: list[float] = field(default_factory=list)
    memory: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    queue: list[int] = field(default_factory=list)

    def watch(self, probes: list[Probe], seconds: float) -> None:
        """Look at the probes again and again; each edits anew a few seconds after its record is right."""
        end, sample = time.monotonic() + seconds, 0.0
        rest = {id(probe): 0.0 for probe in probes}
        while (at := time.monotonic()) < end:
            for probe in probes:
                self._look(probe, rest, at)
            if at >= sample:
                sample = at + SAMPLE_SECONDS
                self._sample()
            time.sleep(0.2)

    def _look(self, probe: Probe, rest: dict[int, float], at: float) -> None:
        if probe.since and probe.shows():
            self.lags.append(probe.seconds)
            probe.since, rest[id(probe)] = 0.0, at + self.dice.uniform(0, 20)
        elif not probe.since and rest[id(probe)] <= at:
            probe.edit()

    def _sample(self) -> None:
        for name in [*self.estate.supervisor.named("worker"), *self.estate.supervisor.named("beat")]:
            pid = self.estate.supervisor.running[name].pid
            self.memory[name].append(resident(pid))
            for number, child in enumerate(sorted(children(pid)), 1):
                self.memory[f"{name}, process {number}"].append(resident(child))
        self.queue.append(servers.waiting(self.estate.messages) or 0)


def resident(pid: int) -> float:
    """Megabytes of memory of a process; 0 where it has just ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / KILOBYTE for line in lines if line.startswith("VmRSS")), 0.0)


def rows(estate: Estate) -> dict[str, int]:
    """Rows of each table."""
    with estate.store.database.reading() as sql:
        return {
            name: sql.tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
        }


def soak(estate: Estate, asked: Namespace, say: Callable[[str], None]) -> int:
    """Let people edit for some minutes, and print what was measured; 1 where a run did not come through."""
    measured, before, since = Measured(estate, Random(asked.seed)), rows(estate), now()  # noqa: S311
    probes = [Probe(office, office.driver.deal("Probe", amount=100)) for office in estate.offices]
    with at_work(estate, asked.seed, asked.pause) as teams:
        measured.watch(probes, asked.minutes * 60)
    edits = sum(sum(team.done.values()) for team in teams)
    runs = [run for one in estate.offices for run in estate.store.runs.latest(one.name, 100_000)]
    done = [run for run in runs if run["started_at"] and run["started_at"] > since]
    states = Counter(str(run["state"]) for run in done)
    say(f"{edits} edits and {len(done)} runs in {asked.minutes:g} minutes: {dict(states)}")
    for line in [*_lags(measured.lags), *_memory(measured.memory), *_sizes(before, rows(estate), measured.queue)]:
        say(line)
    return int(any(state in states for state in ("fault", "refused", "stopped", "killed")))


def _lags(lags: list[float]) -> Iterator[str]:
    if not lags:
        yield "No probe came through."
        return
    found = sorted(lags)
    shown = ", ".join(
        f"{share:.0%} {found[min(len(found) - 1, int(len(found) * share))]:.1f} s" for share in (0.5, 0.9, 0.99)
    )
    yield f"From an edit to its flag, {len(found)} times: {shown}, worst {found[-1]:.1f} s"


def _memory(memory: dict[str, list[float]]) -> Iterator[str]:
    yield f"{'memory in MB':<24} {'at first':>9} {'half-way':>9} {'at last':>9} {'most':>9}"
    for name, found in sorted(memory.items()):
        seen = [one for one in found if one]
        yield f"{name:<24} {seen[0]:>9.0f} {seen[len(seen) // 2]:>9.0f} {seen[-1]:>9.0f} {max(seen):>9.0f}"


def _sizes(before: dict[str, int], after: dict[str, int], queue: list[Any]) -> Iterator[str]:
    yield f"messages that wait: at most {max(queue)}, at last {queue[-1]}"
    yield f"{'rows':<24} {'at first':>9} {'at last':>9}"
    for name, count in after.items():
        if count != before[name]:
            yield f"{name:<24} {before[name]:>9} {count:>9}"
