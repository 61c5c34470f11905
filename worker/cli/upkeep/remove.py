"""`connection remove NAME --purge`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from model.errors import SettingsProblem
from model.helpers.words import many
from worker.cli.common import Json, Name, asked, say, table, tell
from worker.cli.connections import confirmed, connection

if TYPE_CHECKING:
    from worker.usecases.erasure.remove import Holdings


def add_to() -> None:
    """Add the command to `connection`."""
    connection.command()(remove)


def remove(
    context: typer.Context,
    name: Name,
    purge: Annotated[bool, typer.Option("--purge", help="delete the rows; without it, only count them")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do it without asking")] = False,
    as_json: Json = False,
) -> None:
    """Delete every row of a connection from the store: records, histories, verdicts, receipts, runs, KPI values, jobs.

    What Sluicegate wrote in the CRM stays there; `connection clear` empties it, and has to come first. It is refused
    while a run works on the connection. The name cannot be used again until `connection resume`.

    Example: sluicegate connection remove acme --purge --yes
    """
    from worker.usecases.erasure.remove import holdings
    from worker.usecases.erasure.remove import remove as flow

    services = asked(context).services(quiet=as_json)
    found = holdings(services, name)
    if purge and not yes:
        show(found)
        purge = confirmed(f"Delete {many(found.total, 'row')} of '{name}' for good?")
        if not purge:
            raise SettingsProblem("Nothing was removed; answer yes, or give --yes where nobody can be asked.")
    if purge:
        found = flow(services, name)
    say(found.to_json(removed=purge), as_json, lambda: show_end(found, removed=purge, counted=yes or not purge))


def show(found: Holdings, *, counted: bool = True) -> None:
    """Print the rows by table, and what stays in the CRM."""
    if counted:
        table(f"Rows of '{found.connection}'", ("rows of", "number"), [(t, f"{n:,}") for t, n in found.rows.items()])
    for remark in found.remarks:
        tell(remark)


def show_end(found: Holdings, *, removed: bool, counted: bool) -> None:
    """Print what was removed, or how to remove it."""
    if counted:
        show(found)
    if removed:
        tell(f"{many(found.total, 'row')} of '{found.connection}' were removed.")
    else:
        tell("Nothing was removed; --purge deletes these rows for good.")
