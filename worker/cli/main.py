"""The command line's entry point. docs/commands.md lists the exit codes."""

from __future__ import annotations

import io
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from model.errors import SettingsProblem, SluicegateError
from worker.cli import (
    actions,
    connections,
    kpis,
    lists,
    native,
    policies,
    precision,
    read,
    rollout,
    run,
    runs,
    services,
    setup,
    steps,
    trying,
    upkeep,
    watching,
)
from worker.cli.common import OUR_FAULT, WRONG, Asked, exit_code_of, say_error

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Judge a sales pipeline against stage gates and hygiene policies, and write the verdicts onto the records.\n\n"
    "Example: sluicegate --config sluicegate.toml run acme --dry-run",
)
for module in (
    setup,
    connections,
    run,
    steps,
    lists,
    read,
    runs,
    kpis,
    policies,
    trying,
    native,
    actions,
    rollout,
    precision,
    services,
    upkeep,
    watching,
):
    module.add_to(app)


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="the TOML file; absent: sluicegate.toml here")] = None,
) -> None:
    """Store the options that every command needs."""
    context.obj = Asked(config)


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit with its code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows a question mark
    try:
        code = app(arguments, prog_name="sluicegate", standalone_mode=not as_json)
    except SluicegateError as e:
        code = exit_code_of(e)
        say_error(e, code, as_json=as_json)
    except TyperException as e:  # with --json only: people see the usage
        code = WRONG
        say_error(SettingsProblem(e.format_message()), code, as_json=True)
    except Exception as e:  # noqa: BLE001 - a bug in the product exits with 70 and its place
        code = OUR_FAULT
        traceback.print_exc()
        say_error(e, code, as_json=as_json)
    sys.exit(code or 0)
