"""`connection prune NAME`."""

from __future__ import annotations

import typer

from worker.cli.common import Json, Name, asked, say, tell
from worker.cli.connections import connection


def add_to() -> None:
    """Add the command to `connection`."""
    connection.command()(prune)


def prune(context: typer.Context, name: Name, as_json: Json = False) -> None:
    """Delete what is older than the settings under `retention` say. The schedule does it each night.

    Example: sluicegate connection prune acme
    """
    from worker.usecases.erasure.prune import prune as flow

    report = flow(asked(context).services(quiet=as_json), name)
    nothing = "Nothing is older than the settings under retention say."
    say(report.to_json(), as_json, lambda: tell("\n".join(report.remarks) or nothing))
    raise typer.Exit(report.exit_code)
