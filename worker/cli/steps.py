"""Commands that do the work step by step: pull, judge, measure, push, calibrate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from model.helpers.words import many
from model.sync import OUR_FIELDS
from worker.cli.common import Json, Name, asked, say, table, tell
from worker.cli.kpis import show_kpis, show_remarks
from worker.cli.run import AsOf, day_of, show

if TYPE_CHECKING:
    from worker.usecases.kpis import KpiAnswer


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (pull, judge, measure, push, calibrate):
        app.command()(command)


def pull(
    context: typer.Context,
    name: Name,
    full: Annotated[bool, typer.Option("--full", help="read everything, find what vanished")] = False,
    as_json: Json = False,
) -> None:
    """Read what changed in the CRM into the store.

    Example: sluicegate pull acme --full
    """
    from worker.usecases.steps import pull_only

    pulled = pull_only(asked(context).services(quiet=as_json), name, full=full)
    answer = {"pulled": pulled.records, "changed": pulled.changed, "held_back": pulled.held_back}
    answer_all: dict[str, Any] = {**answer, "aside": [vars(aside) for aside in pulled.aside]}
    say(answer_all, as_json, lambda: table("Pulled", ("what", "count"), list(answer.items())))
    raise typer.Exit(1 if pulled.aside else 0)


def judge(context: typer.Context, name: Name, as_of: AsOf = "", as_json: Json = False) -> None:
    """Judge what the store holds; writes nothing to the CRM.

    Example: sluicegate judge acme
    """
    from worker.usecases.steps import judge_only

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
    from worker.usecases.kpis import measure_only

    services = asked(context).services()
    found = measure_only(services, name, day_of(services, name, as_of))
    say(found.json(), as_json, lambda: _show_measured(found))


def _show_measured(found: KpiAnswer) -> None:
    show_remarks(found)
    show_kpis(found.rows, whole=True)


def push(
    context: typer.Context,
    name: Name,
    preview: Annotated[Path | None, typer.Option(help="write what would change to this CSV, and send nothing")] = None,
    as_json: Json = False,
) -> None:
    """Judge the store's deals, keep that verdict and send it to the CRM. A preview keeps and sends nothing.

    Example: sluicegate push acme --preview changes.csv
    """
    from worker.usecases.steps import preview_push, push_only

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
    """Propose a table of median days in stage, or accept the newest proposal; both show old and new limits.

    Example: sluicegate calibrate acme --accept
    """
    from worker.usecases.calibrate import accept as accept_newest
    from worker.usecases.calibrate import propose

    services = asked(context).services()
    found = accept_newest(services, name) if accept else propose(services, name)
    rows = [
        (m["process"], m["stage"], m["visits"], _limit(m["limit_before"], m["limit_before_from"]),
         _limit(m["limit"], m["limit_from"])) for m in found["medians"]
    ]  # fmt: skip
    title = f"Calibration of {found['on']}, {found['state']}: stage_median_days by stage"
    old = f"before ({found['in_force_before'] or 'no calibration'})"
    say(found, as_json, lambda: table(title, ("process", "stage", "visits", old, f"by {found['on']}"), rows))


def _limit(days: float | None, source: str | None) -> str:
    return "none" if days is None else f"{days:.1f} days" + (" (expected_days)" if source == "band" else "")


def show_preview(shown: dict[str, Any], path: Path) -> None:
    """How many deals would change, by policy and owner, and three records as a rep will see them."""
    if not shown["patches"]:
        tell("No deal would change: the record says what the verdict wants.")
        return
    table(f"{many(shown['patches'], 'deal')} would change; every old and new value is in {path}", ("policy", "deals"),
          list(shown["by_policy"].items()))  # fmt: skip
    by_owner: dict[str, int] = shown["by_owner"]
    most_first = sorted(by_owner.items(), key=lambda pair: -pair[1])
    table("By owner", ("owner", "deals"), most_first)
    for record in shown["records"]:
        fields = [(name, record["fields"][name]) for name in OUR_FIELDS if name in record["fields"]]
        table(record["name"], ("field", "value"), fields)
