"""`kill`: SIGKILL to each process and to all of them: what is left, what is lost, how long until all is current."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.bad_days.people import Probe
from tests.bad_days.supervisor import children, until

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from tests.bad_days.estate import Estate

TARGETS: Final[dict[str, tuple[str, ...]]] = {
    "a worker": ("worker a",),
    "both workers": ("worker",),
    "a beat": ("beat a",),
    "both beats": ("beat",),
    "a machine": ("worker a", "beat a"),
    "the broker": ("broker",),
    "the database": ("database",),
    "everything": ("",),
}
"""What is killed → the beginnings of the names of its programs."""
SETTLED_SECONDS: Final = 0.5
"""After this time what ends with a killed process has ended."""


def kill(estate: Estate, asked: Namespace, say: Callable[[str], None]) -> int:
    """Kill one after the other in the middle of work; 1 where something was slow or left."""
    probes = [Probe(office, office.driver.deal("Probe", amount=100)) for office in estate.offices]
    say(f"{'killed':<28} {'left running':>12} {'in flight':>9} {'current after':>14}")
    worst, usual, left = 0.0, 0.0, 0
    for name in ("nothing", "a process of a pool", *TARGETS):
        until(lambda: all(probe.shows() for probe in probes), 300, "quiet")
        for probe in probes:
            probe.edit()
        _in_the_middle(estate)
        started = time.monotonic()
        groups = _kill(estate, name)
        time.sleep(SETTLED_SECONDS)
        here = sum(map(_lives, groups))
        flying = _in_flight(estate)
        until(lambda: all(probe.shows() for probe in probes), 600, "everything current")
        seconds = time.monotonic() - started
        say(f"{name:<28} {here:>12} {flying:>9} {seconds:>12.1f} s")
        usual = seconds if name == "nothing" else usual
        worst, left = max(worst, seconds), left + here
    say(f"Without a kill it takes {usual:.0f} s: a run is due every {estate.shape.seconds} s and takes its time.")
    return int(worst > usual + asked.within or left > 0)


def _in_the_middle(estate: Estate) -> None:
    """Wait until somebody works on a connection."""
    until(lambda: any(job.process for job in estate.store.jobs.all().values()), 300, "work")


def _kill(estate: Estate, name: str) -> list[int]:
    """Kill, and return the process groups that should be empty now."""
    stop = estate.supervisor
    if name == "nothing":
        return []
    if name not in TARGETS:
        working = stop.running["worker a"]
        stop.kill_one(children(working.pid)[0], "worker a")
        return []
    names = [one for beginning in TARGETS[name] for one in stop.named(beginning)]
    groups = [stop.running[one].pid for one in names]
    stop.kill(*names)
    return groups


def _lives(group: int) -> int:
    """How many processes of a group live."""
    found = 0
    for path in Path("/proc").glob("[0-9]*"):
        try:
            found += (
                os.getpgid(int(path.name)) == group and (path / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
            )
        except (ProcessLookupError, FileNotFoundError):
            continue
    return found


def _in_flight(estate: Estate) -> str:
    """Batches of which nobody knows whether the CRM has applied them; ? while the database is away."""
    try:
        return str(sum(len(estate.store.pushes.in_flight(office.name)) for office in estate.offices))
    except Exception:  # noqa: BLE001 - it was just killed
        return "?"
