"""`run`: one connection, or several one after the other; and what a run looks like to people."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from model.errors import SettingsProblem, SluicegateError
from worker.cli.common import Json, asked, exit_code_of, say, table, tell
from worker.cli.screen.rendering import moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.pipeline.report import Report
    from worker.wiring import Services

Names = Annotated[list[str], typer.Argument(help="connections' names in the config file, run in this order")]
AsOf = Annotated[
    str,
    typer.Option(
        "--as-of",
        metavar="T",
        help="ISO instant, or noon of an ISO date in the connection's zone; implies a dry run unless sandbox",
    ),
]


WORST_FIRST = (70, 2, 5, 3, 4, 1, 0)
"""Of several runs the worst exit code is the command's."""


def add_to(app: typer.Typer) -> None:
    """Put this command on the command line."""
    app.command()(run)


def run(
    context: typer.Context,
    names: Names,
    full: Annotated[bool, typer.Option("--full", help="read everything, find what vanished")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="change neither CRM nor store")] = False,
    as_of: AsOf = "",
    as_json: Json = False,
) -> None:
    """Pull, judge, measure and push one connection, or several; one that fails does not stop the next.

    Example: sluicegate run acme --dry-run
    """
    from worker.pipeline.run import run as flow

    services = asked(context).services(quiet=as_json)

    def one(name: str) -> Report:
        return flow(services, name, full=full, dry_run=dry_run, as_of=day_of(services, name, as_of))

    if len(names) == 1:
        report = one(names[0])
        say(report.to_json(), as_json, lambda: show(report))
        raise typer.Exit(report.exit_code)
    answers = {name: _answer(one, name, as_json=as_json) for name in dict.fromkeys(names)}
    say({"runs": {name: answer for name, (answer, _) in answers.items()}}, as_json, lambda: None)
    raise typer.Exit(next(code for code in WORST_FIRST if code in {code for _, code in answers.values()}))


def _answer(one: Callable[[str], Report], name: str, *, as_json: bool) -> tuple[dict[str, Any], int]:
    """One of several runs: its report or its error, and its exit code."""
    try:
        report = one(name)
    except SluicegateError as e:
        code = exit_code_of(e)
        tell(f"\n{name}: {e}", err=True)
        return {"error": str(e), "exit": code}, code
    if not as_json:
        tell(f"\n{name}")
        show(report)
    return report.to_json(), report.exit_code


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


def first_instant(text: str, zone: str) -> datetime | None:
    """An ISO instant, or the first instant of an ISO date in the zone; None for no text. Raises SettingsProblem."""
    found = instant(text, zone)
    if found is None or len(text) > len("2026-11-22"):
        return found
    return datetime.combine(found.astimezone(ZoneInfo(zone)).date(), time(), ZoneInfo(zone)).astimezone(UTC)


def day_of(services: Services, name: str, text: str) -> datetime | None:
    """What --as-of means on a connection."""
    return instant(text, services.connection(name).timezone)


def show(report: Report) -> None:
    """A run as a table, and what an admin should look at."""
    counts = {k: v for k, v in report.to_json().items() if isinstance(v, int) and not isinstance(v, bool)}
    counts |= {f"outcome {kind}": n for kind, n in report.outcomes.items() if n}
    counts |= {f"of leads: {what}": n for what, n in report.leads.items()}
    title = f"Run {report.run_id} as of {moment(report.as_of)}" + (
        " (dry: nothing was changed)" if report.dry_run else ""
    )
    table(title, ("what", "count"), list(counts.items()))
    if any(report.actions.values()):
        tell(f"Actions: {acted(report)}.")
    show_trouble(report)


def acted(report: Report) -> str:
    """What became of the actions: `28 planned, 28 done`."""
    return ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in report.actions.items() if n)


def show_trouble(report: Report) -> None:
    """What was refused, remarked, set aside, and why it stopped."""
    for reason, count in report.reasons.items():
        tell(f"{count} refused: {reason}")
    for remark in report.remarks:
        tell(remark)
    for sentence in report.unusual:
        tell(f"Warning: {sentence}")
    for aside in report.aside[:20]:
        tell(f"Set aside {aside['table']} {aside['id']}: {aside['reason']}")
    if report.stopped:
        tell(f"Stopped, to go on from here at the next run: {report.stopped}")
