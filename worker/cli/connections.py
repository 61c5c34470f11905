"""`connection check|provision|pause|resume|clear`; worker/cli/upkeep has the others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from model.errors import SettingsProblem
from worker.cli.common import Json, Name, asked, say, tell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from model.sync import Remark
    from worker.wiring import Services

LevelT = TypeVar("LevelT", bound=str)
FIELD = re.compile(r"\w[\w.]*[_.][\w.]+( \(\w+\))?(?= )")
"""A field's technical name at the start of a sentence, with the name that Sluicegate gives it in brackets."""
MARKS = {"ok": "✓", "note": "·", "warning": "!", "missing": "✗"}
connection = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Look after one CRM connection.")


VERBS = {" does not exist or is ": " do not exist or are ", ": deals are unknown in it": ": deals are unknown in them"}


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(connection, name="connection")


@connection.command()
def check(context: typer.Context, name: Name, as_json: Json = False) -> None:
    """Report what works, what is missing, what is dormant, and what to do.

    Example: sluicegate connection check acme
    """
    from worker.usecases.connection import check as flow

    remarks = flow(asked(context).services(), name)
    say({"remarks": [vars(r) for r in remarks]}, as_json, lambda: show(remarks))
    raise typer.Exit(2 if any(r.level == "missing" for r in remarks) else 0)


@connection.command()
def provision(
    context: typer.Context,
    name: Name,
    export: Annotated[
        Path | None, typer.Option(help="write source files for an admin here, and change nothing")
    ] = None,
    as_json: Json = False,
) -> None:
    """Create our fields, permission sets and the exemption in the CRM, or export them.

    Example: sluicegate connection provision acme --export for-admin/
    """
    from worker.usecases.connection import provision as flow

    remarks = flow(asked(context).services(), name, export)
    say({"remarks": [vars(r) for r in remarks]}, as_json, lambda: show(remarks))
    raise typer.Exit(2 if any(r.level == "missing" for r in remarks) else 0)


@connection.command()
def pause(context: typer.Context, name: Name, as_json: Json = False) -> None:
    """Refuse `run`, `pull` and `push` on the connection until it is resumed.

    Example: sluicegate connection pause acme
    """
    _note(context, name, as_json, paused=True)


@connection.command()
def resume(context: typer.Context, name: Name, as_json: Json = False) -> None:
    """Allow runs on the connection again, and have scheduled work that was set aside tried again.

    A connection that was removed begins anew.

    Example: sluicegate connection resume acme
    """
    _note(context, name, as_json, paused=False)


@connection.command()
def clear(
    context: typer.Context,
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="do it without asking")] = False,
    as_json: Json = False,
) -> None:
    """Clear our fields on every deal that we have written, and pause the connection.

    Example: sluicegate connection clear acme --yes
    """
    from worker.cli.run import show as show_report
    from worker.usecases.connection import clear as flow

    if not (yes or confirmed(f"Empty our fields on every deal of '{name}' that carries them?")):
        raise SettingsProblem("Nothing was cleared; answer yes, or give --yes where nobody can be asked.")
    report = flow(asked(context).services(), name)
    say(report.to_json(), as_json, lambda: show_report(report))
    raise typer.Exit(report.exit_code)


def confirmed(question: str) -> bool:
    """Ask for confirmation. False if nobody is at the terminal."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        return False


def _note(context: typer.Context, name: str, as_json: bool, *, paused: bool) -> None:
    services = asked(context).services()
    services.connection(name)
    if paused:
        services.store.connections.pause(name, "by hand", services.clock())
    else:
        services.store.removal.allow(name)
        services.store.connections.resume(name)
        services.store.jobs.resume(name)
    sentence = _paused(services, name) if paused else f"'{name}' runs again."
    say({"connection": name, "paused": paused}, as_json, lambda: tell(sentence))


def _paused(services: Services, name: str) -> str:
    under_way = services.store.runs.under_way(name, services.clock())
    but = " The command that works on it now goes on to its end." if under_way else ""
    return f"'{name}' is paused: `run`, `pull` and `push` are refused until it is resumed.{but}"


def show(remarks: list[Remark]) -> None:
    """One sentence per line; sentences that differ in one name only are one line with all names."""
    for level, text in gathered((remark.level, remark.text) for remark in remarks):
        tell(f"{MARKS[level]} {text}")


def gathered(remarks: Iterable[tuple[LevelT, str]]) -> list[tuple[LevelT, str]]:
    """The remarks in order; of those that begin with a name and go on alike, the first stands for all."""
    names: dict[tuple[LevelT, str], list[str]] = {}
    for level, text in remarks:
        name, rest = _parted(text)
        names.setdefault((level, rest), []).append(name)
    return [(level, _joined(list(dict.fromkeys(some)), rest)) for (level, rest), some in names.items()]


def _joined(names: list[str], rest: str) -> str:
    """The names before the rest of their sentence; its verbs are in the plural for several."""
    for one, many in (VERBS if len(names) > 1 else {}).items():
        rest = rest.replace(one, many)
    return f"{', '.join(names)}{rest}"


def _parted(text: str) -> tuple[str, str]:
    """A leading technical name, such as a field's, and the rest of the sentence; no name where it has none."""
    found = FIELD.match(text)
    return (found[0], text[found.end() :]) if found else ("", text)
