"""`policies validate|test|show|schema|packs`: policy files checked, tried, read and chosen."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from model.helpers.words import many
from worker.cli.common import Json, asked, say, table, tell
from worker.cli.screen.policy_rendering import show_set, show_test

if TYPE_CHECKING:
    from policies.files import PolicySet

policies = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Check and read policy files.")
Connection = Annotated[str, typer.Option("--connection", metavar="C", help="the connection to judge")]
From = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="first day; absent: a year before the last")
]
To = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="last day; absent: yesterday")]
Paths = Annotated[list[Path] | None, typer.Argument(help="files or folders; absent: those of the config file")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(policies, name="policies")


@policies.command()
def validate(context: typer.Context, paths: Paths = None, as_json: Json = False) -> None:
    """Read policy files and run their examples. Every mistake in every file is reported at once.

    Example: sluicegate policies validate policies/
    """
    from model.errors import PolicyProblem
    from policies.trying.examples import run_examples

    found = _read(context, paths)
    _read_kpis(context, paths)
    problems = run_examples(found)
    if problems:
        raise PolicyProblem(problems)
    criteria = len(list(found.criteria()))
    counts = {"policies": len(found.policies), "processes": len(found.processes), "criteria": criteria}
    text = (
        f"In order, and every example holds: {many(len(found.policies), 'policy')}, "
        f"{many(len(found.processes), 'process')}, {many(criteria, 'criterion')}."
    )
    say({"valid": True, **counts, "digest": found.digest}, as_json, lambda: tell(text))


@policies.command("test")
def run_examples_of(context: typer.Context, paths: Paths = None, as_json: Json = False) -> None:
    """Run every example, gates with their moves too, and name what none tries and which slips none would notice.

    Example: sluicegate policies test policies/
    """
    from model.errors import PolicyProblem
    from policies.files import example_count, untested
    from policies.trying.examples import run_examples
    from policies.trying.gate_scenarios import run_gate_scenarios
    from policies.trying.mutation_check import unnoticed

    found = _read(context, paths)
    problems = sorted([*run_examples(found), *run_gate_scenarios(found)])
    if problems:
        raise PolicyProblem(problems)
    answer: dict[str, Any] = {
        "examples": example_count(found), "untested": [asdict(one) for one in untested(found)],
        "unnoticed": [{"id": name, "slips": slips} for name, slips in unnoticed(found).items()],
        "digest": found.digest,
    }  # fmt: skip
    say(answer, as_json, lambda: show_test(answer))


@policies.command()
def show(
    context: typer.Context,
    paths: Paths = None,
    examples: Annotated[bool, typer.Option("--examples", help="also the examples of gates, as sentences")] = False,
    as_json: Json = False,
) -> None:
    """Each policy, process and gate as written and in English, with what it costs and how it is cleared.

    Example: sluicegate policies show
    """
    from policies.reporting import rendering
    from worker.usecases.rollout.waiting_policies import waiting_policies

    found = _read(context, paths)
    answer: dict[str, Any] = {
        "policies": rendering.policies_of(found), "processes": rendering.processes_of(found),
        "criteria": rendering.criteria_of(found), "facts": rendering.facts_of(found),
        "waivers": rendering.waivers_of(found), "digest": found.digest,
        "undone": [] if paths else waiting_policies(asked(context).settings(), found),
    }  # fmt: skip
    say(answer, as_json, lambda: show_set(answer, examples=examples))


@policies.command()
def schema(as_json: Json = False) -> None:  # noqa: ARG001  # every command takes it; this one has one answer
    """The JSON Schema of policy files, for editors that complete and check YAML; the same with and without --json.

    Example: sluicegate policies schema > policies.schema.json
    """
    from connectors.registry import KINDS
    from policies.files import json_schema

    say(json_schema(list(KINDS)), as_json=True, people=lambda: None)


@policies.command()
def packs(
    names: Annotated[list[str] | None, typer.Argument(help="packs to copy; absent: list them")] = None,
    to: Annotated[Path, typer.Option(help="the folder that they are copied into")] = Path("policies"),
    as_json: Json = False,
) -> None:
    """List the shipped packs, or copy some of them into a folder of yours, where you may change them.

    Example: sluicegate policies packs enterprise mid-market smb --to policies
    """
    from policies.reporting.packs_page import summaries
    from worker.packs import copied, pack_texts

    if names:
        made = [str(path) for path in copied(names, to)]
        say({"written": made}, as_json, lambda: tell("\n".join(f"wrote {path}" for path in made)))
        return
    rows = summaries(pack_texts())
    columns = ("pack", "policies", "processes", "criteria", "what it is")
    say({"packs": rows}, as_json, lambda: table("Shipped packs", columns, [tuple(row.values()) for row in rows]))


def _read(context: typer.Context, paths: list[Path] | None) -> PolicySet:
    from connectors.registry import KINDS
    from policies.files import read_policies

    return read_policies(_texts(context, paths), kinds=KINDS)


def _read_kpis(context: typer.Context, paths: list[Path] | None) -> None:
    from kpis.catalogue import SHIPPED
    from policies.files import read_kpis

    read_kpis(_texts(context, paths), shipped=tuple(SHIPPED))


def _texts(context: typer.Context, paths: list[Path] | None) -> dict[str, bytes]:
    from worker.wiring import policy_texts, read_policy_files

    return read_policy_files(paths) if paths else policy_texts(asked(context).settings())
