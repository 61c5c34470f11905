"""`kpis test`: the KPIs of files, read and tried by their examples."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from model.errors import PolicyProblem
from model.helpers.words import many
from worker.cli.common import WRONG, Asked, Json, asked, say, tell

if TYPE_CHECKING:
    from model.sync import Description

Paths = Annotated[list[Path] | None, typer.Argument(help="files or folders; absent: those of the config file")]
Connection = Annotated[str, typer.Option("--connection", metavar="NAME", help="check against this connection alone")]


def run_examples_of_kpis(
    context: typer.Context, paths: Paths = None, connection: Connection = "", as_json: Json = False
) -> None:
    """Read the KPIs of policy files, check them against each connection's facts and values, and run their examples.

    Example: sluicegate kpis test policies/ --connection acme
    """
    from worker.usecases.kpis.tested import tested
    from worker.wiring import policy_texts, read_policy_files

    texts = read_policy_files(paths) if paths else policy_texts(asked(context).settings())
    names = tuple(asked(context).settings().connections)
    found = tested(texts, _known(asked(context), connection), names)
    answer: dict[str, Any] = {
        "kpis": [one.name for one in found.definitions],
        "examples": sum(len(one.examples) for one in found.definitions),
        "untested": [one.name for one in found.definitions if not one.examples],
        "failed": [asdict(one) for one in found.failed], "connections": list(found.connections),
    }  # fmt: skip
    if found.problems:
        problem = PolicyProblem(found.problems)
        answer |= {"error": str(problem), "exit": WRONG, "problems": [vars(one) for one in problem.problems]}
        tell(str(problem), err=True)
    say(answer, as_json, lambda: _show(answer, [str(one) for one in found.failed]))
    raise typer.Exit(WRONG if found.problems else 1 if found.failed else 0)


def _known(asked: Asked, only: str) -> dict[str, Description]:
    """What the connections of the config file know. Without one no store is opened."""
    from worker.usecases.kpis.tested import descriptions

    settings = asked.settings()
    if only:
        settings.connection(only)
    return descriptions(asked.services(), only) if settings.connections else {}


def _show(answer: dict[str, Any], failed: list[str]) -> None:
    for line in failed:
        tell(line)
    sound = " without a mistake" if "problems" in answer else ""
    count = f"{many(len(answer['kpis']), 'KPI')}{sound}, {many(answer['examples'], 'example')}"
    tell(f"{count}: {f'{len(failed)} failed' if failed else 'all hold' if answer['examples'] else 'none to run'}.")
    if answer["untested"]:
        tell(f"Without an example: {', '.join(answer['untested'])}.")
    against = ", ".join(answer["connections"])
    tell(
        f"Checked against the facts and values of {against}."
        if against
        else "No connection was read yet, so its own facts and its values were not checked."
    )
