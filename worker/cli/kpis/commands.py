"""`kpis`: a connection's values, the dictionary, and what one KPI means."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from model.errors import SettingsProblem
from worker.cli.common import AsCsv, Json, Name, asked, one_form, say, table, tell
from worker.cli.kpis.examples import run_examples_of_kpis
from worker.cli.kpis.rendering import csv_lines, show_groups, show_kpis
from worker.cli.run import day_of
from worker.cli.screen.columns import print_csv

if TYPE_CHECKING:
    from worker.pipeline.measuring import KpiQuestion
    from worker.usecases.kpis import KpiAnswer

AsOf = Annotated[
    str,
    typer.Option(
        "--as-of", metavar="T", help="as recorded by an ISO instant, or by noon of an ISO date in the connection's zone"
    ),
]
VALUES = "show"
AT_ONCE = 2


class ValuesOfOtherWords(TyperGroup):
    """A group in which a word that is no command is a connection's name: `kpis acme` is `kpis show acme`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command of the first word, else the one that shows a connection's values."""
        return super().resolve_command(ctx, args if args[0] in self.commands else [VALUES, *args])


kpis = typer.Typer(
    cls=ValuesOfOtherWords,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="A connection's KPIs, and what each KPI means. `kpis NAME` is short for `kpis show NAME`.",
)


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    kpis.command("test")(run_examples_of_kpis)
    app.add_typer(kpis, name="kpis")


@kpis.command(VALUES)
def show(
    context: typer.Context,
    name: Name,
    by: Annotated[str, typer.Option(help="one dimension, or two as segment,stage; absent: each by itself")] = "",
    where: Annotated[str, typer.Option(help='condition: only these deals, as "amount_home > 50000"')] = "",
    window: Annotated[
        str, typer.Option(help="all, 90d, quarter, fiscal_year, 2026-Q3, FY2026-Q3, 2026-01-01..2026-03-31 …")
    ] = "",
    only: Annotated[str, typer.Option("--only", metavar="KPI", help="one KPI's id")] = "",
    as_of: Annotated[
        str,
        typer.Option(
            "--as-of",
            metavar="T",
            help="as recorded by an ISO instant, or by noon of an ISO date in the connection's zone",
        ),
    ] = "",
    frozen: Annotated[str, typer.Option("--frozen", metavar="DAY", help="what was printed in that frozen night")] = "",
    every: Annotated[bool, typer.Option("--all", help="every KPI, not only the ten that matter and yours")] = False,
    as_csv: AsCsv = False,
    as_json: Json = False,
) -> None:
    """Give each KPI over all deals, and with --json or --csv by each single dimension.

    Example: sluicegate kpis acme --by segment,stage --window 2026-Q3
    """
    from worker.usecases.answers import judged_or_say
    from worker.usecases.kpis import KpiAnswer, answer
    from worker.usecases.kpis import frozen as kept

    one_form(as_csv=as_csv, as_json=as_json)
    services = asked(context).services()
    judged_or_say(services, name)
    question = _question(by, window, where)
    if frozen:
        found = KpiAnswer(kept(services, name, _night(frozen)))
    else:
        found = answer(services, name, question, only, day_of(services, name, as_of))
    if as_csv:
        print_csv(*csv_lines(found.rows))
        show_remarks(found, err=True)
        return
    say(found.json(), as_json, lambda: _show_values(found, whole=every or bool(only), groups=bool(by)))


def _show_values(found: KpiAnswer, *, whole: bool, groups: bool) -> None:
    show_remarks(found)
    show_kpis(found.rows, whole=whole)
    if groups:
        show_groups(found.rows)


def show_remarks(found: KpiAnswer, *, err: bool = False) -> None:
    """Print what the values were measured with, as far as there is something to say."""
    for remark in found.remarks:
        tell(remark, err=err)


def _question(by: str, window: str, where: str) -> KpiQuestion:
    from worker.pipeline.measuring import USUAL, KpiQuestion

    dims = tuple(filter(None, (dim.strip() for dim in by.split(","))))
    if len(dims) > AT_ONCE or len({dim.lower() for dim in dims}) < len(dims):
        raise SettingsProblem(f"--by {by}: name one dimension, or two different ones with a comma.")
    return KpiQuestion((dims,) if dims else USUAL.by, window, where)


def _night(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsProblem(f"--frozen {text}: write a day as 2026-11-22.") from None


@kpis.command("list")
def list_kpis(context: typer.Context, as_json: Json = False) -> None:
    """List every KPI with what it is for: the shipped ones, and those of your files.

    Example: sluicegate kpis list
    """
    from worker.usecases.kpis import dictionary

    found = dictionary(asked(context).services())
    say(found, as_json, lambda: _show_list(found))


def _show_list(found: dict[str, Any]) -> None:
    rows = [(one["id"], one["category"], one["leads"], one["purpose"]) for one in found["kpis"]]
    table("KPIs", ("id", "category", "leads or lags", "what it is for"), rows)
    for mistake in found["mistakes"]:
        tell(mistake)


@kpis.command()
def explain(
    context: typer.Context,
    kpi: Annotated[str, typer.Argument(help="the KPI's id")],
    as_json: Json = False,
) -> None:
    """Say what a KPI means: formula, numerator, denominator, window, unit and source.

    Example: sluicegate kpis explain win_rate_closed
    """
    from worker.usecases.kpis import one_entry

    found = one_entry(asked(context).services(), kpi)
    say(found, as_json, lambda: _show_entry(found))


def _show_entry(found: dict[str, Any]) -> None:
    tell(f"{found['title']} ({found['id']})")
    rows = [(key, ", ".join(value) if isinstance(value, list) else value) for key, value in found.items()]
    table("Entry", ("", ""), [row for row in rows if row[0] not in {"id", "title"}])
