"""`policies native`: the gates as rules that an admin can set in the CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.common import Json, asked, say, tell
from worker.cli.policies import Connection, Paths, policies

if TYPE_CHECKING:
    from collections.abc import Mapping

Process = Annotated[str | None, typer.Option("--process", metavar="ID", help="only the gates of this process")]


def add_to(_app: typer.Typer) -> None:
    """The command below hangs on `policies` already."""


@policies.command()
def native(
    context: typer.Context, connection: Connection, paths: Paths = None, process: Process = None, as_json: Json = False
) -> None:
    """Print gates as the CRM's own validation rules or required properties, and list what these cannot express.

    Example: sluicegate policies native policies/ --connection acme --process new-business
    """
    from worker.usecases.native import native as flow
    from worker.wiring import policy_texts, read_policy_files

    services = asked(context).services(quiet=as_json)
    texts = read_policy_files(paths) if paths else policy_texts(services.settings)
    answer = flow(services, connection, texts, process)
    say(answer, as_json, lambda: tell(as_text(answer)))


def as_text(answer: Mapping[str, Any]) -> str:
    """The answer as text that can be pasted from."""
    parts = ["\n".join(answer["notes"]), *map(_rule, answer["rules"]), _table(answer["table"]), _unsaid(answer)]
    return "\n\n".join(part for part in parts if part)


def _rule(rule: Mapping[str, Any]) -> str:
    return "\n".join(
        (
            f"--- {rule['criterion']} ({rule['side']}, {rule['mode']}): {rule['title']}",
            f"Rule name: {rule['name']}",
            "Error condition formula:",
            rule["formula"],
            f"Error message: {rule['message']}",
        )
    )


def _table(rows: list[dict[str, Any]]) -> str:
    places: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        why = "; ".join(f"{one['criterion']}, {one['enforced']}: {one['title']}" for one in row["why"])
        places.setdefault((row["pipeline"], row["stage"]), []).append(f"  {row['label']} ({row['property']}): {why}")
    return "\n\n".join(
        "\n".join([f"--- {pipeline}, on entering {stage}", *lines]) for (pipeline, stage), lines in places.items()
    )


def _unsaid(answer: Mapping[str, Any]) -> str:
    lines = [f"  {one['criterion']}: {'; '.join(one['why'])}" for one in answer["unsaid"]]
    return "\n".join(["--- Not said, and so left to Sluicegate", *lines]) if lines else ""
