"""`actions list|undo`: actions outside our own fields. `actions NAME` lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from model.helpers.words import many
from worker.cli.common import Json, Name, asked, say, table, tell
from worker.cli.run import acted, show_trouble
from worker.cli.screen.rendering import moment

if TYPE_CHECKING:
    from worker.pipeline.report import Report


class ListsByDefault(TyperGroup):
    """`actions acme` is short for `actions list acme`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Insert the command if a connection's name takes its place."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["list", *args]
        return super().parse_args(ctx, args)


actions = typer.Typer(
    cls=ListsByDefault, no_args_is_help=True, rich_markup_mode=None,
    help="List and undo the tasks and deal moves of enforcing policies.",
)  # fmt: skip
Run = Annotated[int | None, typer.Option("--run", help="only the actions of this run")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(actions, name="actions")


@actions.command("list")
def list_all(context: typer.Context, name: Name, run: Run = None, as_json: Json = False) -> None:
    """List open and past actions with their receipts, without calling the CRM. `list` is optional.

    Example: sluicegate actions list acme --run 12
    """
    from worker.usecases.actions import listed

    found = listed(asked(context).services(), name, run)
    say(found, as_json, lambda: show_actions(found["actions"]))


@actions.command()
def undo(context: typer.Context, name: Name, run: Run = None, as_json: Json = False) -> None:
    """Undo actions, but keep what people have changed since.

    Open tasks are deleted and completed ones stay. A deal that we moved back goes forward again unless somebody has
    changed it. Nothing that was taken back is done again for the same flag or move.

    Example: sluicegate actions undo acme --run 12
    """
    from worker.usecases.actions import undo as flow

    report = flow(asked(context).services(quiet=as_json), name, run)
    say(report.to_json(), as_json, lambda: show_undone(report))
    raise typer.Exit(report.exit_code)


def show_undone(report: Report) -> None:
    """Print the outcomes of an undo."""
    tell(f"Run {report.run_id}: {acted(report) or 'there was nothing to take back'}.")
    show_trouble(report)


def show_actions(found: list[dict[str, Any]]) -> None:
    """A row per action with its receipts."""
    rows = [
        (
            one["run"], one["deal"], one["policy"], one["kind"].replace("_", " "), one["since"], one["state"],
            "\n".join(_receipt_line(receipt) for receipt in one["receipts"]),
        )
        for one in found
    ]  # fmt: skip
    columns = ("run", "deal", "policy", "action", "since", "state", "receipts")
    table(many(len(rows), "action"), columns, rows)


def _receipt_line(receipt: dict[str, Any]) -> str:
    reason = f": {receipt['reason']}" if receipt["reason"] else ""
    return f"{moment(receipt['at'].isoformat())} {receipt['step']} {receipt['outcome']}{reason}"
