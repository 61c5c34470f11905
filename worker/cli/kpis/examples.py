"""`kpis test`: the KPIs of files, read and tried by their examples."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from model.helpers.words import many
from worker.cli.common import Json, asked, say, tell

Paths = Annotated[list[Path] | None, typer.Argument(help="files or folders; absent: those of the config file")]


def run_examples_of_kpis(context: typer.Context, paths: Paths = None, as_json: Json = False) -> None:
    """Read the KPIs of policy files, run their examples, and name those that no example tries.

    Example: sluicegate kpis test policies/
    """
    from kpis.catalogue import SHIPPED
    from policies.files import read_kpis
    from worker.usecases.kpis.examples import failing
    from worker.wiring import policy_texts, read_policy_files

    texts = read_policy_files(paths) if paths else policy_texts(asked(context).settings())
    found = read_kpis(texts, shipped=tuple(SHIPPED))
    failed = failing(found)
    answer = {
        "kpis": [one.name for one in found], "examples": sum(len(one.examples) for one in found),
        "untested": [one.name for one in found if not one.examples], "failed": [asdict(one) for one in failed],
    }  # fmt: skip
    say(answer, as_json, lambda: _show(answer, [str(one) for one in failed]))
    raise typer.Exit(1 if failed else 0)


def _show(answer: dict[str, Any], failed: list[str]) -> None:
    for line in failed:
        tell(line)
    count = f"{many(len(answer['kpis']), 'KPI')}, {many(answer['examples'], 'example')}"
    tell(f"{count}: {f'{len(failed)} failed' if failed else 'all hold' if answer['examples'] else 'none to run'}.")
    if answer["untested"]:
        tell(f"Without an example: {', '.join(answer['untested'])}.")
