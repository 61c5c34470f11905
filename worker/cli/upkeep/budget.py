"""`connection budget NAME`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer  # noqa: TC002 - the command is made from its annotations

from worker.cli.common import Json, Name, asked, say, table, tell
from worker.cli.connections import connection
from worker.cli.screen.rendering import moment

if TYPE_CHECKING:
    from worker.usecases.budget import BudgetState


def add_to() -> None:
    """Add the command to `connection`."""
    connection.command()(budget)


def budget(context: typer.Context, name: Name, as_json: Json = False) -> None:
    """Show the calls of the last 24 hours against our share and the CRM's own limits, and what is given up when.

    The CRM is not asked: its figures are those of its last reply to any process.

    Example: sluicegate connection budget acme
    """
    from worker.usecases.budget import budget as answer

    found = answer(asked(context).services(), name)
    say(found.to_json(), as_json, lambda: show(found))


def show(found: BudgetState) -> None:
    """Print the budget in sentences and a table."""
    by_step = ", ".join(f"{step} {n:,}" for step, n in found.by_step.items())
    tell(f"'{found.connection}' made {found.calls:,} calls in the last 24 hours: {by_step}.")
    if found.most is None or found.left is None:
        tell("The CRM has not said how many calls a day it allows, so nothing is given up.")
    else:
        tell(f"Our share is {found.share:.0%} of {found.allowed:,}: {found.most:,} calls, {found.left:,} left.")
        tell(f"The last {found.reserved:,} calls of the CRM ({found.reserve:.0%}) are always left to others.")
    if found.crm_left is not None and found.seen_at is not None:
        tell(f"All programs together have {found.crm_left:,} calls left, as of {moment(found.seen_at.isoformat())}.")
    for window in found.windows:
        tell(f"At most {window.calls:,} {window.what}.")
    rows = [
        (step.what, "" if step.at is None else f"{step.at:,}", "given up" if step.given_up else "goes on",
         moment(step.resumes_at.isoformat()) if step.resumes_at else "")
        for step in found.steps
    ]  # fmt: skip
    table("In the order in which it is given up", ("what", "from calls", "now", "goes on at"), rows)
