"""The command line: `sluicegate --config FILE COMMAND`; heavy libraries are imported by the command that needs them."""

from __future__ import annotations

from worker.cli.main import main

__all__ = ["main"]
