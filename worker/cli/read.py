"""Commands that read the store: deals, explain, kpis, runs."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from worker.cli.common import Json, Name, asked, say, table

FEW = 10


def add_to(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    for command in (deals, explain, kpis, runs):
        app.command()(command)


def deals(
    context: typer.Context,
    name: Name,
    flagged: Annotated[bool, typer.Option("--flagged", help="only deals with a flag on the record")] = False,
    as_json: Json = False,
) -> None:
    """List the deals with score, gate and flags.

    Example: sluicegate deals acme --flagged
    """
    from worker.flows.answers import deals as answer

    found = answer(asked(context).services(), name, flagged=flagged)
    say({"deals": found}, as_json, lambda: show_deals(found))


def explain(
    context: typer.Context,
    name: Name,
    id: Annotated[str, typer.Argument(help="the deal's id in the CRM")],  # noqa: A002 - the CRM's own word
    as_json: Json = False,
) -> None:
    """Say why a deal has its flags and score: ledger, evidence, touches counted and ignored.

    Example: sluicegate explain acme 006000000000001AAA
    """
    from worker.flows.answers import explain as answer

    found = answer(asked(context).services(), name, id)
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
    from worker.flows.answers import kpis as answer

    found = answer(asked(context).services(), name, window=window, only=only)
    say({"kpis": found}, as_json, lambda: show_kpis(found))


def runs(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="a run's number; absent: the newest runs")] = "",  # noqa: A002
    as_json: Json = False,
) -> None:
    """List the newest runs, or show one.

    Example: sluicegate runs 12
    """
    from worker.flows.answers import one_run
    from worker.flows.answers import runs as answer

    services = asked(context).services()
    if id:
        found = one_run(services, id)
        say(found, as_json, lambda: show_run(found))
        return
    listed = answer(services)
    columns = ("run_id", "connection", "kind", "as_of", "outcome", "policy_digest")
    say({"runs": listed}, as_json, lambda: table("Runs", columns, [[r[c] for c in columns] for r in listed]))


def show_run(found: dict[str, Any]) -> None:
    """A run and what it counted."""
    counts = found.pop("counts")
    table(f"Run {found['run_id']}", ("what", "value"), [*found.items(), *((k, v) for k, v in counts.items() if v)])


def show_deals(found: list[dict[str, Any]]) -> None:
    """A row a deal, its flags below each other."""
    rows = [
        (
            deal["id"], deal["name"], deal["stage"], deal["owner"],
            deal["score"] if deal["score"] is not None else deal["score_reason"],
            (deal["gate"] or {}).get("status"),
            "\n".join(flag["evidence"]["text"] for flag in deal["flags"] if flag["shown"]),
        )
        for deal in found
    ]  # fmt: skip
    table(f"{len(rows)} deals", ("id", "name", "stage", "owner", "score", "gate", "flags"), rows)


def show_kpis(found: list[dict[str, Any]]) -> None:
    """Values over all deals first; by dimension only where asked for in JSON."""
    rows = [
        (k["id"], amount(k["value"]) if k["value"] is not None else f"unknown: {k.get('why', '')}", k["unit"], k["n"])
        for k in found
        if not k["dims"]
    ]
    table("KPIs", ("id", "value", "unit", "deals"), rows)


def amount(value: float) -> str:
    """A number for people: thousands parted, two places, four below ten."""
    return f"{value:,.4f}".rstrip("0").rstrip(".") if abs(value) < FEW else f"{value:,.2f}"


def show_explanation(found: dict[str, Any]) -> None:
    """A deal's verdict in sentences."""
    deal = found["deal"]
    typer.echo(f"{deal['name']} ({deal['id']}), {deal['stage']}, owner {deal['owner']}")
    lines = [(line["text"], line["points"]) for line in found["ledger"]]
    table("Score", ("line", "points"), [*lines, ("score", deal["score"])])
    for flag in sorted(deal["flags"], key=lambda flag: not flag["shown"]):
        observed = "" if flag["shown"] else " (observed only, not on the record)"
        typer.echo(f"- {flag['title']}{observed}: {flag['evidence']['text']} To clear it: {flag['fix']}.")
    for unknown in deal["unknown"]:
        typer.echo(f"- {unknown['policy']} could not be judged: {unknown['why']}")
    table("Activities", ("when", "kind", "counts"), [(a["when"], a["kind"], a["counts"]) for a in found["activities"]])
