"""`python -m tests.bad_days chaos|soak|kill --seed N`: two worker machines, two beats, local CRMs, and bad days.

Everything is started as real processes, with ports and folders of its own. `chaos` plays faults in random order and
then looks whether everything is as if nothing had happened. `soak` only lets people edit, and measures. `kill` kills
each process, and all of them, and measures how long it takes until everything is current. Ends with 1 where something
is amiss; the logs then stay in a folder.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.bad_days.chaos import chaos
from tests.bad_days.estate import Shape, estate
from tests.bad_days.kill import kill
from tests.bad_days.soak import soak

MODES = {"chaos": chaos, "soak": soak, "kill": kill}


def arguments() -> argparse.ArgumentParser:
    """What can be asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.bad_days", description=__doc__)
    parser.add_argument("mode", choices=[*MODES])
    parser.add_argument("--seed", type=int, default=int(time.monotonic()) % 10_000)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--from", dest="first", type=int, default=1, help="the number of the first fault")
    parser.add_argument("--only", action="append", default=[], help="a fault by its name; may be given several times")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--deals", type=int, default=100)
    parser.add_argument("--broker", choices=["redis", "rabbitmq", "embedded"], default="redis")
    parser.add_argument("--store", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--every", type=int, default=20, help="seconds between the runs of a connection")
    parser.add_argument("--gap", type=float, default=4, help="seconds between two faults, on average")
    parser.add_argument("--pause", type=float, default=1, help="seconds between two edits of an office, on average")
    parser.add_argument("--within", type=float, default=60, help="seconds until everything must be current")
    parser.add_argument("--keep", action="store_true", help="leave the folder with the logs in any case")
    return parser


def say(line: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Run one mode; 1 where something is amiss."""
    asked = arguments().parse_args()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda number, _frame: sys.exit(128 + number))  # nothing of the estate is left
    shape = Shape(asked.connections, asked.deals, asked.broker, asked.store, asked.every)
    say(f"{asked.mode}, seed {asked.seed}, {shape}, load {os.getloadavg()[0]:.1f}")
    folder, code = Path(tempfile.mkdtemp(prefix="bad-days-")), 1
    try:
        with estate(folder, shape) as made:
            code = MODES[asked.mode](made, asked, say)
    finally:
        say(f"load {os.getloadavg()[0]:.1f}" + (f"; logs in {folder}/logs" if code or asked.keep else ""))
        if not code and not asked.keep:
            shutil.rmtree(folder)
    return code


if __name__ == "__main__":
    sys.exit(main())
