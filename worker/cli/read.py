"""Commands that read the store: deals, leads, explain, kpis, runs."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from worker.cli.common import Json, Name, asked, say, table
from worker.cli.rendering import (
    show_deals,
    show_decision,
    show_digest,
    show_explanation,
    show_leads,
    show_run,
    show_runs,
)

FEW = 10


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (deals, leads, explain, kpis, digest, runs):
        app.command()(command)


def deals(
    context: typer.Context,
    name: Name,
    flagged: Annotated[
        bool, typer.Option("--flagged", help="only deals with a flag on the record, or one about won deals")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the deals with score, gate and flags.

    Example: sluicegate deals acme --flagged
    """
    from worker.usecases.answers import deals as answer

    found = answer(asked(context).services(), name, flagged=flagged)
    say({"deals": found}, as_json, lambda: show_deals(found))


def leads(
    context: typer.Context,
    name: Name,
    flagged: Annotated[bool, typer.Option("--flagged", help="only leads with a flag")] = False,
    as_json: Json = False,
) -> None:
    """List the leads with what the policies about leads found; they are read where a policy names them.

    Example: sluicegate leads acme --flagged
    """
    from worker.usecases.answers import leads as answer

    found = answer(asked(context).services(), name, flagged=flagged)
    say({"leads": found}, as_json, lambda: show_leads(found))


def explain(
    context: typer.Context,
    name: Name,
    id: Annotated[str, typer.Argument(help="the deal's id in the CRM")],  # noqa: A002 - the CRM's term
    at: Annotated[
        str, typer.Option("--at", metavar="T", help="ISO date (its last verdict) or instant: the verdict of that time")
    ] = "",
    as_json: Json = False,
) -> None:
    """Say why a deal has its flags and score: ledger, evidence, touches counted and ignored.

    Example: sluicegate explain acme 006000000000001AAA --at 2026-11-22
    """
    from worker.usecases.answers import explain as answer
    from worker.usecases.decided import decided

    services = asked(context).services()
    if at:
        then = decided(services, name, id, at)
        say(then, as_json, lambda: show_decision(then))
        return
    found = answer(services, name, id)
    say(found, as_json, lambda: show_explanation(found))


def kpis(
    context: typer.Context,
    name: Name,
    window: Annotated[str, typer.Option(help="all, 90d, quarter or year")] = "all",
    only: Annotated[str, typer.Option("--only", metavar="KPI", help="one KPI's id")] = "",
    as_json: Json = False,
) -> None:
    """Give each KPI over all deals, and by each single dimension.

    Example: sluicegate kpis acme --window 90d
    """
    from worker.usecases.answers import kpis as answer

    found = answer(asked(context).services(), name, window=window, only=only)
    say({"kpis": found}, as_json, lambda: show_kpis(found, parted=True))


def digest(
    context: typer.Context,
    name: Name,
    owner: Annotated[str, typer.Option(help="only this rep")] = "",
    as_json: Json = False,
) -> None:
    """Show each rep's messages of today: the most valuable flagged deals first, up to `messages.per_day`.

    Example: sluicegate digest acme --owner 'Ann Lee'
    """
    from worker.usecases.digest import digest as answer

    found = answer(asked(context).services(), name, owner)
    say(found, as_json, lambda: show_digest(found))


def runs(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="a run's number; absent: the newest runs")] = "",  # noqa: A002
    as_json: Json = False,
) -> None:
    """List the newest runs, or show one.

    Example: sluicegate runs 12
    """
    from worker.usecases.answers import one_run
    from worker.usecases.answers import runs as answer

    services = asked(context).services()
    if id:
        found = one_run(services, id)
        say(found, as_json, lambda: show_run(found))
        return
    listed = answer(services)
    say({"runs": listed}, as_json, lambda: show_runs(listed))


def show_kpis(found: list[dict[str, Any]], *, parted: bool = False) -> None:
    """Values over all deals; `parted`: and by each dimension."""
    by: dict[str, list[dict[str, Any]]] = {"": []}
    for kpi in found:
        by.setdefault(next(iter(kpi["dims"]), ""), []).append(kpi)
    columns = ("id", "value", "without excused deals", "unit", "deals", "why")
    table("KPIs", columns, [_kpi(kpi) for kpi in by.pop("")])
    for dimension, kpis in sorted(by.items()) if parted else ():
        rows = [(kpi["dims"][dimension], *_kpi(kpi)) for kpi in kpis]
        table(f"KPIs by {dimension}", (dimension, *columns), rows)


def _kpi(kpi: dict[str, Any]) -> tuple[object, ...]:
    value = "unknown" if kpi["value"] is None else amount(kpi["value"])
    without = kpi.get("without_excused", {}).get("value")
    return kpi["id"], value, None if without is None else amount(without), kpi["unit"], kpi["n"], kpi.get("why")


def amount(value: float) -> str:
    """A number for people: thousands parted, two places, four below ten."""
    return f"{value:,.4f}".rstrip("0").rstrip(".") if abs(value) < FEW else f"{value:,.2f}"
