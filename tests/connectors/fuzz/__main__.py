"""`python -m tests.connectors.fuzz --minutes 10 --seed 1`: what came of the inputs; exit 1 where there was a fault."""

from __future__ import annotations

import argparse
import faulthandler
import sys
import tempfile
import time
from pathlib import Path

from tests.connectors.fuzz.fuzz import fuzz
from tests.crm_drivers import CRM_DRIVERS

SILENCE = 300
"""Seconds of one input after which it is ended with its trace."""


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="for each CRM")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--crm", choices=sorted(CRM_DRIVERS), action="append")
    asked = parser.parse_args()
    found = False
    for kind in asked.crm or sorted(CRM_DRIVERS):
        end = time.monotonic() + asked.minutes * 60

        def going_on(number: int, end: float = end) -> bool:
            faulthandler.dump_traceback_later(SILENCE, exit=True)
            sys.stderr.write(f"\r{number:,} inputs ")
            sys.stderr.flush()
            return time.monotonic() < end

        with tempfile.TemporaryDirectory() as folder:
            report = fuzz(kind, asked.seed, going_on, Path(folder))
        faulthandler.cancel_dump_traceback_later()
        say(f"{kind}, seed {asked.seed}: {report.inputs:,} inputs, {sum(report.twists.values()):,} replies twisted")
        say(f"  {dict(report.twists)}\n  exit codes {dict(report.exits)}; at most {report.megabytes:,} MB of memory")
        for key, text in report.faults.items():
            say(f"\nFAULT {key}\n{text}")
        found |= bool(report.faults)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
