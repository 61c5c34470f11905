"""`python -m tests.policies.fuzz --minutes 10 --seed 1`: what came of the inputs; exit 1 where there was a fault."""

from __future__ import annotations

import argparse
import faulthandler
import sys
import tempfile
import time
from pathlib import Path

from tests.policies.fuzz.fuzz import fuzz

SILENCE = 60
"""Seconds of one input after which even a loop that hears no signal is ended, with its trace."""


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "sluicegate-fuzz")
    asked = parser.parse_args()
    end = time.monotonic() + asked.minutes * 60

    def going_on(number: int) -> bool:
        faulthandler.dump_traceback_later(SILENCE, exit=True)
        if number % 20_000 == 0 and number:
            sys.stderr.write(f"{number:,} inputs …\n")
        return time.monotonic() < end

    report = fuzz(asked.seed, going_on, asked.folder)
    faulthandler.cancel_dump_traceback_later()
    for name in report.accepted | report.refused:
        say(f"{name:28} {report.accepted[name]:>9,} accepted {report.refused[name]:>9,} refused")
    say(f"{report.inputs:,} inputs, seed {asked.seed}, {asked.minutes:g} minutes; {len(report.findings)} faults;")
    say("the slowest took {:.2f} s of processor time ({}).".format(*report.slowest))
    for key, (text, error) in report.findings.items():
        say(f"\n{key}\n  {error!r}\n  {text[:300]!r}")
    if report.findings:
        say(f"\nThe inputs are in {asked.folder}.")
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
