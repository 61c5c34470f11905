"""`policies approve|approvals` and `waivers add|list|expire`: people's exceptions to policies."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from model.errors import SettingsProblem
from model.helpers.words import many
from worker.cli.common import Json, asked, plain, say, table, tell
from worker.cli.policies import Connection, policies
from worker.cli.screen.rendering import moment

if TYPE_CHECKING:
    from collections.abc import Mapping

waivers = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Excuse single deals from a policy, for a time."
)
INSTANTS = ("at", "used")
Policy = Annotated[str, typer.Argument(help="a policy's id, or process/stage/criterion")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(waivers, name="waivers")


@policies.command()
def approve(
    context: typer.Context,
    policy: Policy,
    connection: Connection,
    up_to: Annotated[int, typer.Option("--up-to", help="how many deals it may change within a week")],
    by: Annotated[str, typer.Option(help="who answers for it")],
    as_json: Json = False,
) -> None:
    """Let one revision of a policy through the brake.

    `vanished-deals` lets a reconciliation give deals up; `many-actions` lets a run do more than 25 actions.

    Example: sluicegate policies approve no-activity --connection acme --up-to 3300 --by joan@example.com
    """
    from store import MANY_ACTIONS
    from worker.usecases.rollout.approve import approve as flow

    answer = flow(asked(context).services(), connection, policy, up_to=up_to, by=by)
    revision = f"revision {answer['revision']}" if answer["revision"] else "the next reconciliation"
    may = f"do up to {many(up_to, 'action')}" if policy == MANY_ACTIONS else f"change up to {many(up_to, 'deal')}"
    text = f"{policy}: {revision} may {may}, once, with the next run. Approved by {answer['by']}."
    say(answer, as_json, lambda: tell(text))


@policies.command()
def approvals(context: typer.Context, connection: Connection, as_json: Json = False) -> None:
    """List what was approved on a connection, by whom and for which revision.

    Example: sluicegate policies approvals --connection acme
    """
    from worker.usecases.rollout.approve import approvals as flow

    rows = flow(asked(context).services(), connection)
    columns = ("policy", "revision", "up_to", "by", "at", "used")
    say({"approvals": rows}, as_json, lambda: _show("Approvals", columns, rows, "Nothing was approved yet."))


@waivers.command("list")
def list_(
    context: typer.Context,
    connection: Annotated[str, typer.Option(help="count the flags it keeps off this connection's records")] = "",
    as_json: Json = False,
) -> None:
    """List every waiver: what it excuses, until when, why, who approved it, and whether it is still in force.

    Example: sluicegate waivers list --connection acme
    """
    from worker.usecases.rollout.waivers import listed

    rows = listed(asked(context).services(), connection)
    counted = ("flags",) if connection else ()
    columns = ("policy", "deals", "where", "until", "in_force", "reason", "approved_by", *counted)
    say({"waivers": rows}, as_json, lambda: _show("Waivers", columns, rows, "There are no waivers."))


@waivers.command()
def add(
    context: typer.Context,
    policy: Policy,
    until: Annotated[str, typer.Option(help="its last day, as 2026-12-31")],
    reason: Annotated[str, typer.Option(help="why")],
    by: Annotated[str, typer.Option(help="who approved it")],
    deal: Annotated[list[str] | None, typer.Option(help="a deal's id; may be given several times")] = None,
    where: Annotated[str, typer.Option(help="the deals by a condition, instead of ids")] = "",
    connection: Annotated[str, typer.Option(help="only on this connection")] = "",
    file: Annotated[Path | None, typer.Option(help="the policy file to write; absent: waivers.yaml")] = None,
    as_json: Json = False,
) -> None:
    """Write one more waiver into the policy files; comments there stay, and a wrong one is refused unwritten.

    Example: sluicegate waivers add no-activity --deal 006xx --until 2026-12-31 --reason 'In court' --by joan
    """
    from worker.usecases.rollout.waivers import add as flow

    waiver = {
        "policy": policy, "deals": deal or [], "where": where, "connection": connection, "until": _day(until),
        "reason": reason, "approved_by": by,
    }  # fmt: skip
    answer = flow(asked(context).services(), waiver, file)
    say(answer, as_json, lambda: tell(f"Wrote {answer['file']}: {policy} is waived until {until}."))


@waivers.command()
def expire(
    context: typer.Context,
    policy: Policy,
    deal: Annotated[str, typer.Option(help="only waivers of this deal")] = "",
    as_json: Json = False,
) -> None:
    """End waivers of a policy before their day.

    Example: sluicegate waivers expire no-activity --deal 006xx
    """
    from worker.usecases.rollout.waivers import expire as flow

    ended = flow(asked(context).services(), policy, deal)
    say({"ended": ended}, as_json, lambda: tell(f"Ended {many(len(ended), 'waiver')} of {policy}."))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsProblem(f"--until is a date such as 2026-12-31, not '{text}'.") from None


def _show(title: str, columns: tuple[str, ...], rows: list[dict[str, Any]], none: str) -> None:
    if rows:
        table(title, [c.replace("_", " ") for c in columns], [_cells(row, columns) for row in rows])
    else:
        tell(none)


def _cells(row: Mapping[str, Any], columns: tuple[str, ...]) -> list[object]:
    return [moment(row[c]) if c in INSTANTS and row[c] else plain(row[c]) for c in columns]
