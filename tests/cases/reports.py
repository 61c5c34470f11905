"""Runs the commands of folders of reports: `python -m tests.cases.reports ../shared/data/reports`.

Each folder has a README.md with commands in backticks (`sluicegate check …`, a later one with `…` for the same
options) and what should come of them. Each command runs in a copy of its folder; exit code and answer are printed.
`BESIDE` has what a README asks for in words. The target of 11-fiscal-quarter is of the calendar's 2026-Q4, of which no
deal is due: its coverage stays 0 of 1,000, and `why` says which days the quarter has. The fiscal quarter that the
README means is FY2027-Q4: with it the coverage is 100 of 1,000.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from worker.cli import main

COMMAND = re.compile(r"sluicegate (check .*?|--config \S+ .*?)(?=[`;]|$)", re.MULTILINE)
LINES = 14
COVERAGE = "sluicegate --config sluicegate.toml kpis r --only pipeline_coverage --window 365d"
BESIDE = {"11-fiscal-quarter": [("2026-Q4", COVERAGE), ("FY2027-Q4", COVERAGE)]}
"""By folder: the period of its targets, and the command to run with it."""


def commands(readme):
    """The commands of a README, as lists of arguments; `run r; … kpis r` gives the first part only."""
    return [shlex.split(found) for found in COMMAND.findall(readme) if "…" not in found]


def answer(arguments):
    """Exit code and what was printed."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            main(arguments)
        except SystemExit as ended:
            return ended.code, said.getvalue()
    return 0, said.getvalue()


def run(folder):
    """Print what each command of one folder answers."""
    with tempfile.TemporaryDirectory() as copy:
        here = Path(shutil.copytree(folder, Path(copy) / folder.name))
        os.chdir(here)
        for arguments in commands((here / "README.md").read_text("utf-8")):
            show(folder.name, arguments)
        for period, command in BESIDE.get(folder.name, ()):
            targets = here / "targets.csv"
            targets.write_text(re.sub(r"(FY)?20\d\d-Q\d", period, targets.read_text("utf-8")), "utf-8")
            show(f"{folder.name}, target of {period}", shlex.split(command)[1:])


def show(name, arguments):
    """Print what one command answers."""
    code, said = answer(arguments)
    first = "\n".join(said.splitlines()[:LINES])
    sys.stdout.write(f"\n== {name}: {shlex.join(arguments)} → {code}\n{first}\n")


if __name__ == "__main__":
    for each in sorted(Path(sys.argv[1]).resolve().iterdir()):
        if (each / "README.md").exists():
            run(each)
