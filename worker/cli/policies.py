"""`policies validate|test|show`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from model.words import many
from worker.cli.common import Json, asked, say, table, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from model.process import Criterion, Process, Stage
    from policies.policy import PolicySet

policies = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Check and read policy files.")
Paths = Annotated[list[Path] | None, typer.Argument(help="files or folders; absent: those of the config file")]


def add_to(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.add_typer(policies, name="policies")


@policies.command()
def validate(context: typer.Context, paths: Paths = None, as_json: Json = False) -> None:
    """Read policy files and run their examples; every mistake of every file is told at once.

    Example: sluicegate policies validate policies/
    """
    from model.errors import PolicyProblem
    from policies.examples import run_examples

    found = _read(context, paths)
    problems = run_examples(found)
    if problems:
        raise PolicyProblem(problems)
    criteria = len(list(_criteria(found)))
    counts = {"policies": len(found.policies), "processes": len(found.processes), "criteria": criteria}
    text = (
        f"In order, and every example holds: {many(len(found.policies), 'policy')}, "
        f"{many(len(found.processes), 'process')}, {many(criteria, 'criterion')}."
    )
    say({"valid": True, **counts, "digest": found.digest}, as_json, lambda: tell(text))


@policies.command("test")
def run_examples_of(context: typer.Context, paths: Paths = None, as_json: Json = False) -> None:
    """Run every example, gates with their moves too, and name what no example tries yet.

    Example: sluicegate policies test policies/
    """
    from model.errors import PolicyProblem
    from policies.courses import run_courses
    from policies.examples import run_examples
    from policies.untested import total, untested

    found = _read(context, paths)
    problems = sorted([*run_examples(found), *run_courses(found)])
    if problems:
        raise PolicyProblem(problems)
    lacks = untested(found)
    said = {"examples": total(found), "untested": [asdict(one) for one in lacks], "digest": found.digest}

    def people() -> None:
        tell(f"{many(total(found), 'example')}, and every one holds.")
        if lacks:
            rows = [(one.id, ", ".join(one.lacks)) for one in lacks]
            table("Without an example", ("policy or criterion", "none that is"), rows)

    say(said, as_json, people)


@policies.command()
def show(context: typer.Context, paths: Paths = None, as_json: Json = False) -> None:
    """Each policy in English, with what it costs and how it is cleared.

    Example: sluicegate policies show
    """
    found = _read(context, paths)
    rows = [_row(policy) for policy in found.policies]
    columns = ("id", "mode", "severity", "points", "flags a deal when", "to clear it")
    criteria = [_criterion(process, stage, side, c) for process, stage, side, c in _criteria(found)]

    def people() -> None:
        shown = [(r["id"], r["mode"], r["severity"], r["points"], r["english"], r["fix"]) for r in rows]
        table(f"Policy set {found.digest}", columns, shown)
        gates = [(c["process"], c["stage"], c["side"], c["id"], c["english"], c["fix"]) for c in criteria]
        table("Stage gates", ("process", "stage", "on", "criterion", "must hold", "else"), gates)

    say({"policies": rows, "criteria": criteria, "digest": found.digest}, as_json, people)


def _criteria(found: PolicySet) -> Iterator[tuple[Process, Stage, str, Criterion]]:
    for process in found.processes:
        for stage in process.stages:
            yield from ((process, stage, "entry", criterion) for criterion in stage.entry)
            yield from ((process, stage, "exit", criterion) for criterion in stage.exit)


def _criterion(process: Process, stage: Stage, side: str, criterion: Criterion) -> dict[str, Any]:
    names = ("id", "title", "fix", "severity", "points", "holds", "source")
    said = {name: getattr(criterion, name) for name in names}
    return {"process": process.id, "stage": stage.id, "side": side, **said, "english": criterion.require.english()}


def _row(policy: Any) -> dict[str, Any]:
    when = policy.flag_if.english()
    applies = f"{policy.applies_to.english()}, and " if policy.applies_to else ""
    fields = ("id", "title", "mode", "severity", "points", "topic", "fix", "owner", "revision", "source")
    return {**{name: getattr(policy, name) for name in fields}, "english": applies + when}


def _read(context: typer.Context, paths: list[Path] | None) -> PolicySet:
    from policies.reader import read_policies
    from worker.wiring import policy_texts, read_policy_files

    texts = read_policy_files(paths) if paths else policy_texts(asked(context).settings())
    return read_policies(texts)
