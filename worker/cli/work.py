"""Commands that do the work: run and its four steps, calibrate."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from model.errors import SettingsProblem
from worker.cli.common import Json, Name, asked, say, table
from worker.cli.read import show_kpis

if TYPE_CHECKING:
    from worker.flows.report import Report
    from worker.wiring import Services

AsOf = Annotated[
    str, typer.Option("--as-of", metavar="T", help="ISO date or instant; implies a dry run unless sandbox")
]


def add_to(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    for command in (run, pull, judge, measure, push, calibrate):
        app.command()(command)


def instant(text: str, zone: str = "UTC") -> datetime | None:
    """An ISO instant, or noon of an ISO date in the zone; None for no text. Raises SettingsProblem."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsProblem(f"'{text}' is no date or instant; write 2026-11-22 or 2026-11-22T12:00:00Z.") from None
    if len(text) == len("2026-11-22"):
        found = found.replace(hour=12)
    return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def day_of(services: Services, name: str, text: str) -> datetime | None:
    """What --as-of means on a connection."""
    return instant(text, services.connection(name).timezone)


def run(
    context: typer.Context,
    name: Name,
    full: Annotated[bool, typer.Option("--full", help="read everything, find what vanished")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="change neither CRM nor store")] = False,
    as_of: AsOf = "",
    as_json: Json = False,
) -> None:
    """Pull, judge, measure and push one connection.

    Example: sluicegate run acme --dry-run
    """
    from worker.flows.run import run as flow

    services = asked(context).services(quiet=as_json)
    report = flow(services, name, full=full, dry_run=dry_run, as_of=day_of(services, name, as_of))
    say(report.to_json(), as_json, lambda: show(report))
    raise typer.Exit(report.exit_code)


def pull(
    context: typer.Context,
    name: Name,
    full: Annotated[bool, typer.Option("--full", help="read everything, find what vanished")] = False,
    as_json: Json = False,
) -> None:
    """Read what changed in the CRM into the store.

    Example: sluicegate pull acme --full
    """
    from worker.flows.steps import pull_only

    pulled = pull_only(asked(context).services(quiet=as_json), name, full=full)
    answer = {"pulled": pulled.records, "changed": pulled.changed, "held_back": pulled.held_back}
    answer_all: dict[str, Any] = {**answer, "aside": [vars(aside) for aside in pulled.aside]}
    say(answer_all, as_json, lambda: table("Pulled", ("what", "count"), list(answer.items())))
    raise typer.Exit(1 if pulled.aside else 0)


def judge(context: typer.Context, name: Name, as_of: AsOf = "", as_json: Json = False) -> None:
    """Judge what the store holds; writes nothing to the CRM.

    Example: sluicegate judge acme
    """
    from worker.flows.steps import judge_only

    services = asked(context).services()
    counts = judge_only(services, name, day_of(services, name, as_of))
    rows = [
        (c["policy"], c["passed"], c["broken"], c["unknown"], c["not_applicable"], ", ".join(c["missing"]))
        for c in counts["policies"]
    ]
    columns = ("policy", "pass", "broken", "unknown", "not applicable", "unknown for want of")
    say(counts, as_json, lambda: table("Judged", columns, rows))


def measure(context: typer.Context, name: Name, as_of: AsOf = "", as_json: Json = False) -> None:
    """Measure the KPIs of what the store holds.

    Example: sluicegate measure acme
    """
    from worker.flows.steps import measure_only

    services = asked(context).services()
    values = measure_only(services, name, day_of(services, name, as_of))

    say({"kpis": values}, as_json, lambda: show_kpis(values))


def push(
    context: typer.Context,
    name: Name,
    preview: Annotated[Path | None, typer.Option(help="write what would change to this CSV, and send nothing")] = None,
    as_json: Json = False,
) -> None:
    """Send what the last verdict wants to the CRM, or preview it.

    Example: sluicegate push acme --preview changes.csv
    """
    from worker.flows.steps import preview_push, push_only

    services = asked(context).services(quiet=as_json)
    if preview is None:
        report = push_only(services, name)
        say(report.to_json(), as_json, lambda: show(report))
        raise typer.Exit(report.exit_code)
    shown = preview_push(services, name, preview)
    say(shown, as_json, lambda: show_preview(shown, preview))


def calibrate(
    context: typer.Context,
    name: Name,
    accept: Annotated[bool, typer.Option("--accept", help="put the newest proposal in force")] = False,
    as_json: Json = False,
) -> None:
    """Propose a table of median days in stage, or accept the newest proposal.

    Example: sluicegate calibrate acme --accept
    """
    from worker.flows.calibrate import accept as accept_newest
    from worker.flows.calibrate import propose

    services = asked(context).services()
    found = accept_newest(services, name) if accept else propose(services, name)
    rows = [(m["process"], m["stage"], m["days"], m["visits"]) for m in found["medians"]]
    title = f"Calibration of {found['on']}, {found['state']}"
    say(found, as_json, lambda: table(title, ("process", "stage", "median days", "visits"), rows))


def show(report: Report) -> None:
    """A run as a table, and what an admin should look at."""
    counts = {k: v for k, v in report.to_json().items() if isinstance(v, int) and not isinstance(v, bool)}
    counts |= {f"outcome {kind}": n for kind, n in report.outcomes.items() if n}
    title = f"Run {report.run_id} as of {report.as_of}" + (" (dry: nothing was changed)" if report.dry_run else "")
    table(title, ("what", "count"), list(counts.items()))
    for reason, count in report.reasons.items():
        typer.echo(f"{count} refused: {reason}")
    for remark in report.remarks:
        typer.echo(remark)
    for aside in report.aside[:20]:
        typer.echo(f"Set aside {aside['table']} {aside['id']}: {aside['reason']}")
    if report.stopped:
        typer.echo(f"Stopped, to go on from here at the next run: {report.stopped}")


def show_preview(shown: dict[str, Any], path: Path) -> None:
    """How many deals would change, by policy and owner, and three records as a rep will see them."""
    table(f"{shown['patches']} deals would change; every old and new value is in {path}", ("policy", "deals"),
          list(shown["by_policy"].items()))  # fmt: skip
    table("By owner", ("owner", "deals"), list(shown["by_owner"].items()))
    for record in shown["records"]:
        table(record["name"], ("field", "value"), list(record["fields"].items()))
