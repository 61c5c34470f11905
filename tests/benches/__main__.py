"""`python -m tests.benches [names] [--quick]`: each bench in a process of its own, as one table.

`--quick` takes a tenth of the deals; bounds in seconds are those of the full size. `--times` is for the pulls.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict

from tests.benches.measure import Row

NAMES = ("help", "judge", "due", "kpi", "patches", "widen", "read", "pull", "push", "hub_pull", "hub_push", "replay",
         "scaling", "nudge", "bulk")  # fmt: skip


def main() -> int:
    """Run the named benches; 1 where a bound was missed."""
    asked = argparse.ArgumentParser(prog="python -m tests.benches", description=__doc__)
    asked.add_argument("names", nargs="*", choices=[*NAMES, []], default=[])
    asked.add_argument("--quick", action="store_true")
    asked.add_argument("--times", type=int, default=5)
    asked.add_argument("--alone", metavar="FOLDER", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.alone:
        bench = importlib.import_module(f"tests.benches.{given.names[0]}_bench")
        rows = bench.run(0.1 if given.quick else 1.0, times=given.times, folder=given.alone)
        sys.stdout.write(json.dumps([asdict(row) for row in rows]) + "\n")
        return 0
    with tempfile.TemporaryDirectory(prefix="sluicegate-bench-") as folder:
        missed = [name for name in given.names or NAMES if not _shown(name, given, folder)]
    sys.stdout.write(f"\nMissed: {', '.join(missed)}.\n" if missed else "\nEvery bound was met.\n")
    return int(bool(missed))


def _shown(name: str, given: argparse.Namespace, folder: str) -> bool:
    """Run one bench in its own process and print its rows; whether all bounds were met."""
    more = ["--quick"] if given.quick else []
    command = [sys.executable, "-m", "tests.benches", name, "--alone", folder, "--times", str(given.times), *more]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.stdout.write(f"{name}: failed\n")
        return False
    rows = [Row(**row) for row in json.loads(done.stdout.splitlines()[-1])]
    sys.stdout.write(f"\n{name}\n")
    for row in rows:
        verdict = {True: "met", False: "MISSED", None: ""}[row.met]
        cpu = "" if row.cpu is None else f"{row.cpu:.2f} CPU s"
        peak = "" if row.peak_mb is None else f"peak {row.peak_mb} MB"
        sys.stdout.write(f"  {row.what:<78} {row.figure:>16}  {row.bound:<18} {verdict:<7} {cpu:>13}  {peak}\n")
    sys.stdout.flush()
    return all(row.met is not False for row in rows)


if __name__ == "__main__":
    sys.exit(main())
