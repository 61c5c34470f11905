"""`policies diff|replay|tune`: policies tried on deals before anybody sees a flag."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from worker.cli.common import Json, asked, say, table, tell
from worker.cli.policies import policies

Connection = Annotated[str, typer.Option("--connection", metavar="C", help="the connection whose deals are judged")]
PolicyPath = Annotated[Path, typer.Argument(help="a policy file or folder")]
TITLES = {
    "gained": "Would gain",
    "lost": "Would lose",
    "unknown": "Could no longer be judged: the flag would stay for now",
}
SHOWN = ("id", "name", "owner", "policy", "title")


def add_to(_app: typer.Typer) -> None:
    """The commands below hang on `policies` already."""


@policies.command()
def diff(
    context: typer.Context, old: PolicyPath, new: PolicyPath, connection: Connection, as_json: Json = False
) -> None:
    """Which deals would gain and lose which flags under NEW, judged on what the store holds; writes nothing.

    Example: sluicegate policies diff policies/ drafts/ --connection acme
    """
    from worker.flows.diff import diff as flow
    from worker.wiring import read_policy_files

    services = asked(context).services(quiet=as_json)
    answer = flow(services, connection, read_policy_files([old]), read_policy_files([new]))
    say(answer, as_json, lambda: _show_diff(answer))


def _show_diff(answer: dict[str, Any]) -> None:
    counts = [tuple(row.values()) for row in answer["policies"] if any(list(row.values())[1:])]
    table("Open deals flagged", ("policy", "before", "after", "gained", "lost", "held", "cannot be judged"), counts)
    for kind, title in TITLES.items():
        if rows := answer[kind]:
            table(title, SHOWN, [[row[name] for name in SHOWN] for row in rows])
    if not any(answer[kind] for kind in TITLES):
        tell("No deal would gain or lose a flag.")
