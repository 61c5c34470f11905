"""Commands that read the store: explain, history, changes, digest."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from model.helpers.words import many
from worker.cli.common import AsCsv, Json, Name, asked, one_form, say, table, tell
from worker.cli.run import first_instant
from worker.cli.runs import cell
from worker.cli.screen.columns import print_csv
from worker.cli.screen.rendering import moment, show_decision, show_digest, show_explanation

FEW = 10


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (explain, history, changes, digest):
        app.command()(command)


def explain(
    context: typer.Context,
    name: Name,
    id: Annotated[str, typer.Argument(help="the deal's id in the CRM")],  # noqa: A002 - the CRM's term
    at: Annotated[
        str, typer.Option("--at", metavar="T", help="ISO date (its last verdict) or instant: the verdict of that time")
    ] = "",
    as_json: Json = False,
) -> None:
    """Say why a deal has its flags and score: ledger, evidence, touches counted and ignored.

    Example: sluicegate explain acme 006000000000001AAA --at 2026-11-22
    """
    from worker.usecases.answers import explain as answer
    from worker.usecases.decided import decided

    services = asked(context).services()
    if at:
        then = decided(services, name, id, at)
        say(then, as_json, lambda: show_decision(then))
        return
    found = answer(services, name, id)
    say(found, as_json, lambda: show_explanation(found))


def history(
    context: typer.Context,
    name: Name,
    id: Annotated[str, typer.Argument(help="a deal's id in the CRM; absent: every deal")] = "",  # noqa: A002
    as_csv: AsCsv = False,
    as_json: Json = False,
) -> None:
    """List the stages that deals entered and left, and the changes of followed fields, with times and actors.

    Example: sluicegate history acme 006000000000001AAA
    """
    from worker.usecases.audit.history import history as answer

    one_form(as_csv=as_csv, as_json=as_json)
    found = answer(asked(context).services(), name, id)
    rows = [*map(_visit, found["stages"]), *map(_change, found["fields"])]
    if as_csv:
        print_csv(EVENT, rows)
        return
    say(found, as_json, lambda: _show_history(found, rows, one=bool(id)))


def _show_history(found: dict[str, Any], rows: list[tuple[str, ...]], *, one: bool) -> None:
    """The stages, then the changes of fields, without the cells that are blank in either."""
    if not rows:
        tell("No history is known; `sluicegate pull NAME` reads it.")
        return
    stages, fields = rows[: len(found["stages"])], rows[len(found["stages"]) :]
    first = 1 if one else 0
    table("Stages", ("deal", "stage", "entered", "by", "left", "left by")[first:],
          [(row[0], row[2], *row[5:])[first:] for row in stages])  # fmt: skip
    table("Changes of followed fields", ("deal", "field", "before", "after", "at", "by")[first:],
          [(row[0], *row[2:7])[first:] for row in fields])  # fmt: skip


EVENT = ("deal", "kind", "name", "before", "after", "at", "by", "left", "left by")


def _visit(row: dict[str, Any]) -> tuple[str, ...]:
    entered, left = moment(row["entered"]), moment(row["left"] or "")
    return row["deal"], "stage", row["stage"], "", "", entered, row["entered_by"], left, row["left_by"] or ""


def _change(row: dict[str, Any]) -> tuple[str, ...]:
    before, after = cell(row["before"]), cell(row["after"])
    return row["deal"], "field", row["field"], before, after, moment(row["at"]), row["by"], "", ""


LOGGED = ("run", "at", "deal", "field", "before", "after", "policies", "approved_by", "outcome", "reason")


def changes(
    context: typer.Context,
    name: Name,
    record: Annotated[str, typer.Option("--record", metavar="ID", help="only this deal")] = "",
    run: Annotated[str, typer.Option("--run", metavar="ID", help="only this run")] = "",
    policy: Annotated[str, typer.Option("--policy", metavar="ID", help="only flags of this policy")] = "",
    approved_by: Annotated[
        str, typer.Option("--approved-by", metavar="NAME", help="only what this person let through")
    ] = "",
    since: Annotated[
        str, typer.Option("--since", metavar="T", help="ISO date or instant; absent: from the start")
    ] = "",
    as_csv: AsCsv = False,
    as_json: Json = False,
) -> None:
    """List everything that was sent to the CRM: fields, tasks and moves, with who approved them and what came of it.

    Example: sluicegate changes acme --policy no-amount --since 2026-11-01 --csv
    """
    from worker.usecases.audit.changelog import Asked, changelog

    one_form(as_csv=as_csv, as_json=as_json)
    services = asked(context).services()
    zone = services.connection(name).timezone
    found = changelog(services, name, Asked(record, run, policy, approved_by, first_instant(since, zone)))
    rows = [tuple(cell(row[key]) for key in LOGGED) for row in found["changes"]]
    if as_csv:
        print_csv(LOGGED, rows)
        return
    title = f"{many(len(rows), 'change')} of {name}"
    say(found, as_json, lambda: table(title, [head.replace("_", " ") for head in LOGGED], rows))


def digest(
    context: typer.Context,
    name: Name,
    owner: Annotated[str, typer.Option(help="only this rep")] = "",
    as_json: Json = False,
) -> None:
    """Show each rep's messages of today: the most valuable flagged deals first, up to `messages.per_day`.

    Example: sluicegate digest acme --owner 'Ann Lee'
    """
    from worker.usecases.answers import judged_or_say
    from worker.usecases.digest import digest as answer

    services = asked(context).services()
    judged_or_say(services, name)
    found = answer(services, name, owner)
    say(found, as_json, lambda: show_digest(found))
