"""A first run of one HubSpot portal that answers after half a second, by 1, 2, 4 and 8 worker processes.

The portal has no limits of calls, so what is measured is how well idle workers share the reading and the writing.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from store import Store
from tests.benches.measure import Row
from tests.benches.portal import NAME, served

if TYPE_CHECKING:
    from collections.abc import Iterator


PROCESSES: Final = (1, 2, 4, 8)
LATENCY: Final = 0.5
STEPS: Final = ("pull", "push")
CONFIG: Final = """\
[schedule]
incremental_minutes = 1440
[connections.{name}]
kind = "hubspot"
sandbox = true
base_url = "{url}"
access_token = "{token}"
timezone = "UTC"
budget_share = 1.0
share_from = {share_from}
[connections.{name}.admin]
access_token = "{admin_token}"
[connections.{name}.activity]
sources = ["call"]
"""


@dataclass(frozen=True)
class Run:
    """What a run reported, and the CPU seconds of all worker processes until it ended."""

    counts: dict[str, Any]
    cpu: float


def run(share: float, *, times: int, folder: str) -> list[Row]:
    """One run for each number of processes, each on a portal and a store of its own; `times` is not used."""
    del times
    deals = int(12_000 * share)
    runs = {n: _first_run(deals, n, Path(folder) / f"scaling-{n}") for n in PROCESSES}
    rows = []
    for step in STEPS:
        alone = runs[1].counts["seconds"][step]
        for n, found in runs.items():
            seconds = found.counts["seconds"][step]
            ratio = alone / seconds
            bound, met = (">= 6 ×", ratio >= 6) if n == max(PROCESSES) else ("", None)
            what = f"{step} by {n} processes of {deals:,} deals, {LATENCY:g} s a call: {seconds:.0f} s"
            rows.append(Row(what, f"{ratio:.2f} ×", bound, met, found.cpu))
    rows += [Row(f"calls by {n} processes", f"{found.counts['calls']:,}") for n, found in runs.items()]
    return rows


def _first_run(deals: int, processes: int, folder: Path) -> Run:
    folder.mkdir()
    with served(deals, latency=LATENCY) as server:
        config = folder / "sluicegate.toml"
        config.write_text(
            CONFIG.format(
                name=NAME, url=server.url, token=server.token, admin_token=server.greeting["admin_token"],
                share_from=deals // 16,
            )
        )  # fmt: skip
        _command(config, "connection", "provision", NAME)
        with _workers(config, processes) as group:
            return Run(_ended(folder), _cpu(group))


def _command(config: Path, *command: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "worker.cli", "--config", str(config), *command], check=True, stdout=sys.stderr
    )


@contextmanager
def _workers(config: Path, processes: int) -> Iterator[int]:
    """So many worker processes and a beat; yields their process group."""
    command = [sys.executable, "-m", "worker.cli", "--config", str(config), "worker", "--with-beat"]
    with config.with_suffix(".log").open("wb") as log, subprocess.Popen(
        [*command, f"--concurrency={processes}"], stdout=log, stderr=log, start_new_session=True
    ) as worker:  # fmt: skip
        try:
            yield worker.pid
        finally:
            os.killpg(worker.pid, signal.SIGTERM)
            worker.wait(60)


def _ended(folder: Path) -> dict[str, Any]:
    """The counts of the first run, once it has ended."""
    store = Store.open(f"sqlite:///{folder / 'sluicegate.db'}")
    try:
        while not (run := store.runs.latest(NAME, 1)) or run[0]["state"] is None:
            time.sleep(0.5)
        assert run[0]["state"] == "done", run[0]["reason"]
        return dict(run[0]["counts"])
    finally:
        store.close()


def _cpu(group: int) -> float:
    """CPU seconds of the live processes of a group."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if int(fields[2]) == group:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
