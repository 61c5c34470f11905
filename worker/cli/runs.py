"""`runs show|undo`: what ran, what it wrote, and taking it back. `runs` and `runs ID` are short for `runs show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from model.errors import SettingsProblem
from model.helpers.words import many
from worker.cli.common import AsCsv, Json, ShortGroup, asked, one_form, say, table, tell
from worker.cli.run import acted, show_trouble
from worker.cli.screen.columns import print_csv
from worker.cli.screen.rendering import moment, show_run, show_runs

if TYPE_CHECKING:
    from worker.pipeline.report import Report
    from worker.wiring import Services

SENT = ("deal", "field", "before", "after", "policies", "outcome", "reason", "at")
NAMED = 100
"""So many records that were left are printed; JSON has them all."""


runs = typer.Typer(cls=ShortGroup, rich_markup_mode=None, help="List runs, show what they wrote, and undo them.")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(runs, name="runs")


@runs.command()
def show(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="a run's number; absent: the newest runs")] = "",  # noqa: A002
    changes: Annotated[bool, typer.Option("--changes", help="with ID: each field that the run sent")] = False,
    nudges: Annotated[bool, typer.Option("--nudges", help="without ID: also what was done at once")] = False,
    as_csv: AsCsv = False,
    as_json: Json = False,
) -> None:
    """List the newest runs, or show one, or what it wrote. `show` is optional.

    Example: sluicegate runs 12 --changes --csv
    """
    from worker.usecases.answers import one_run
    from worker.usecases.answers import runs as answer

    one_form(as_csv=as_csv, as_json=as_json)
    services = asked(context).services()
    if changes or as_csv:
        _show_changes(services, id, as_csv=as_csv, as_json=as_json)
        return
    if id:
        found = one_run(services, id)
        say(found, as_json, lambda: show_run(found))
        return
    listed = answer(services, nudges=nudges)
    say({"runs": listed}, as_json, lambda: show_runs(listed))


@runs.command()
def undo(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="the run's number")],  # noqa: A002 - what `runs` calls it
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="who asks for it, for the record")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would be restored and left")] = False,
    as_json: Json = False,
) -> None:
    """Restore on the CRM what a run wrote, unless somebody has changed it since.

    A record with a field that somebody has changed is left as it is and named. What is restored stays until somebody
    lets it through with `policies approve`, or the policy is changed. The run's tasks and moves are undone, too.

    Example: sluicegate runs undo 12 --by Ann
    """
    from worker.usecases.undo import undo as flow

    report = flow(asked(context).services(quiet=as_json), id, by=by.strip(), dry_run=dry_run)
    say(report.to_json(), as_json, lambda: show_undone(report))
    raise typer.Exit(report.exit_code)


def show_undone(report: Report) -> None:
    """Print the outcomes of an undo, and the records that were left."""
    title = "Dry run" if report.dry_run else f"Run {report.run_id}"
    tell(f"{title}: undo of run {report.undo.get('run', '')}.")
    if any(report.actions.values()):
        tell(f"Actions: {acted(report)}.")
    show_trouble(report)
    if report.left:
        table(
            "Left as they are", ("deal", "name", "why"), [(a["deal"], a["name"], a["why"]) for a in report.left[:NAMED]]
        )
    if len(report.left) > NAMED:
        tell(f"{len(report.left) - NAMED:,} more; --json names them all.")


def _show_changes(services: Services, id_: str, *, as_csv: bool, as_json: bool) -> None:
    from worker.usecases.audit.receipts import changes, proof

    if not id_:
        raise SettingsProblem("--changes and --csv are about one run; `sluicegate runs` lists the runs by number.")
    found = changes(services, id_)
    rows = [tuple(cell(row[key]) for key in SENT) for row in found["changes"]]
    if as_csv:
        print_csv(SENT, rows)
        tell(proof(found), err=True)
        return

    def people() -> None:
        filled = [n for n, head in enumerate(SENT) if head != "at" and any(row[n] for row in rows)]
        shown = [[row[n] for n in filled] for row in rows]
        table(f"Run {id_}: {many(len(rows), 'field')} sent", [SENT[n] for n in filled], shown)
        tell(proof(found))

    say(found | {"proof": proof(found)}, as_json, people)


def cell(value: object) -> str:
    """A value for people: instants to the minute, nothing where there is none."""
    return "" if value is None else moment(str(value))
