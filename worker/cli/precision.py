"""`policies precision|evidence`: how policies fare with the people they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.common import Json, asked, say, table, tell
from worker.cli.policies import Connection, From, To, policies
from worker.cli.screen.rendering import moment

if TYPE_CHECKING:
    from collections.abc import Mapping

COUNTS = ("shown", "ended", "acted_on", "not_acted_on", "came_back", "unclear", "too_early", "standing")
COLUMNS = (*(name.replace("_", " ") for name in COUNTS), "precision (95 %)", "ended by")


def add_to(_app: typer.Typer) -> None:
    """The commands below belong to `policies`."""


@policies.command()
def precision(
    context: typer.Context, connection: Connection,
    weeks: Annotated[int, typer.Option(min=1, max=150, help="weeks of ended flags, before the last 14 days")] = 4,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Which flags people acted on, by rule and severity, and which rules to demote; writes nothing.

    Example: sluicegate policies precision --connection acme --weeks 4
    """
    from worker.usecases.rollout.precision import precision as flow

    answer = flow(asked(context).services(quiet=as_json), connection, weeks)
    say(answer, as_json, lambda: _show_precision(answer))


@policies.command()
def evidence(
    context: typer.Context, connection: Connection, first: From = None, last: To = None, as_json: Json = False
) -> None:
    """Whether a stage's criteria held when deals came in, by rep; where reps differ its conversion is UNTRUSTED.

    Example: sluicegate policies evidence --connection acme --from 2026-05-01
    """
    from worker.usecases.entry_evidence import evidence as flow

    services = asked(context).services(quiet=as_json)
    answer = flow(services, connection, first and first.date(), last and last.date())
    say(answer, as_json, lambda: _show_evidence(answer))


def _show_evidence(answer: Mapping[str, Any]) -> None:
    for stage in answer["stages"]:
        trust = "" if stage["trusted"] else ": UNTRUSTED"
        rows = [
            ("" if n else criterion["title"], owner["owner"] or "nobody", _share(owner["share"]), owner["known"],
             owner["unknown"])
            for criterion in stage["criteria"] for n, owner in enumerate(criterion["owners"])
        ]  # fmt: skip
        table(f"{stage['process']}/{stage['stage']}{trust}", ("criterion", "owner", "held", "of", "unknown"), rows)
        if stage["why"]:
            tell(f"{stage['why']}.")
    if not answer["stages"]:
        tell(f"No deal came into a stage with criteria between {answer['from']} and {answer['to']}.")
    if answer["dormant"]:
        tell(f"Dormant here, no field is mapped: {', '.join(answer['dormant'])}")


def _share(share: float | None) -> str:
    return "none known" if share is None else f"{share:.0%}"


def _show_precision(answer: Mapping[str, Any]) -> None:
    span = f"flags that ended between {moment(answer['from'])} and {moment(answer['until'])}"
    table(f"Precision of {span}", ("policy", *COLUMNS), [(row["policy"], *_cells(row)) for row in answer["rules"]])
    rows = [(row["severity"] or "unknown", *_cells(row)) for row in answer["severities"]]
    table("By severity", ("severity", *COLUMNS), rows)
    limit = f"under {answer['demoted_under']:.0%} acted on, of at least {answer['enough']} that can be told"
    tell(f"To demote ({limit}): {', '.join(answer['demote']) or 'none'}.")


def _cells(row: Mapping[str, Any]) -> list[object]:
    found = row["precision"]
    share = "" if found is None else f"{found['value']:.0%} ({found['low']:.0%} to {found['high']:.0%})"
    why = "\n".join(f"{n} {word}" for word, n in row["why"].items())
    return [*(row[name] for name in COUNTS), share, why]
