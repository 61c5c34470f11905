"""Runs the commands of folders of reports: `python -m tests.cases.reports ../shared/data/reports`.

Each folder has a README.md with commands in backticks (`sluicegate check …`, a later one with `…` for the same
options) and what should come of them. Each command runs in a copy of its folder; exit code and answer are printed.
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
            code, said = answer(arguments)
            first = "\n".join(said.splitlines()[:LINES])
            sys.stdout.write(f"\n== {folder.name}: {shlex.join(arguments)} → {code}\n{first}\n")


if __name__ == "__main__":
    for each in sorted(Path(sys.argv[1]).resolve().iterdir()):
        if (each / "README.md").exists():
            run(each)
