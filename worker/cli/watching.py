"""`doctor`: what is wrong, and what to do."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Final

import typer

from worker.cli.common import Json, asked, say, tell
from worker.cli.connections import gathered
from worker.cli.run import WORST_FIRST

if TYPE_CHECKING:
    from worker.watching.findings import Finding

MARKS: Final = {"ok": "✓", "note": "·", "warning": "!", "away": "…", "wrong": "✗"}
EXITS: Final = {"ok": 0, "note": 0, "warning": 1, "away": 3, "wrong": 2}


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(doctor)


def doctor(
    context: typer.Context,
    without_crm: Annotated[
        bool, typer.Option("--without-crm", help="make no call to a CRM: logins, permissions and fields are left out")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what is wrong with this installation and its connections, and what to do. What is fine is a line a topic.

    Example: sluicegate doctor --without-crm
    """
    from worker.watching.doctor import examine

    given = asked(context)
    found = list(examine(given.settings(), given.services, given.file, ask=not without_crm))
    say({"findings": [one.to_json() for one in found]}, as_json, lambda: show(found))
    codes = {EXITS[one.level] for one in found}
    raise typer.Exit(next(code for code in WORST_FIRST if code in codes))


def show(found: list[Finding]) -> None:
    """A line a finding; of one topic, sentences that differ in a field's name only are one line."""
    for (topic, connection), some in groupby(found, key=lambda one: (one.topic, one.connection)):
        about = f"{topic}, {connection}" if connection else topic
        for level, text in gathered((one.level, one.text) for one in some):
            tell(f"{MARKS[level]} {about}: {text}")
