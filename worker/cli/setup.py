"""Commands for the first day: demo, check FILE.csv, init."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from model.helpers.words import many
from policies.reporting.finding import needs_attention
from worker.cli.common import Json, asked, say, table, tell
from worker.cli.run import AsOf, instant
from worker.cli.screen.rendering import moment, money, reason

if TYPE_CHECKING:
    from worker.usecases.check_report import Checked

SCREENFUL = 20
DEAREST = 10


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (demo, check, init):
        app.command()(command)


def demo(
    deals: Annotated[int, typer.Option(help="how many deals the made-up org has")] = 500,
    keep: Annotated[Path, typer.Option(help="folder for the demo's files")] = Path("demo"),
    whole: Annotated[bool, typer.Option("--all", help="also the worst deals, every KPI and both records")] = False,
    as_json: Json = False,
) -> None:
    """Seed a local sandbox of each CRM, judge both, write the flags, and read them back.

    Example: sluicegate demo --deals 200
    """
    from worker.cli.demo import demo as flow

    flow(keep, deals, whole=whole, as_json=as_json)


def check(
    file: Annotated[Path, typer.Argument(help="the exported report")],
    mapping: Annotated[list[str] | None, typer.Option("--map", metavar="FACT=HEADER", help="name a column")] = None,
    owners: Annotated[Path | None, typer.Option(help="owners with team and manager")] = None,
    activities: Annotated[Path | None, typer.Option(help="activities: deal, kind, date")] = None,
    history: Annotated[Path | None, typer.Option(help="stage changes: deal, new stage, date")] = None,
    products: Annotated[Path | None, typer.Option(help="products, to check their names")] = None,
    policies: Annotated[list[Path] | None, typer.Option(help="policy files; absent: the starter pack")] = None,
    out: Annotated[Path | None, typer.Option(help="where the findings go; absent: next to the report")] = None,
    currency: Annotated[str, typer.Option(help="home currency")] = "USD",
    zone: Annotated[str, typer.Option("--timezone", help="IANA zone of the report")] = "UTC",
    dates: Annotated[str | None, typer.Option(help="how dates are written: dmy, mdy or ymd")] = None,
    decimal: Annotated[str | None, typer.Option(help="the decimal sign: . or ,")] = None,
    won: Annotated[list[str] | None, typer.Option(help="a stage that means won; may be repeated")] = None,
    lost: Annotated[list[str] | None, typer.Option(help="a stage that means lost; may be repeated")] = None,
    still_open: Annotated[
        list[str] | None, typer.Option("--open", help="a stage or status that means open; may be repeated")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="of CSV files, such as windows-1250; absent: found out")] = None,
    as_of: AsOf = "",
    as_json: Json = False,
) -> None:
    """Judge an exported report (CSV or XLSX) and write the findings next to it. Needs no CRM and no config.

    Example: sluicegate check pipeline.csv --map created=engage_date --as-of 2017-12-31
    """
    from worker.usecases.check_report import check_file

    checked = check_file(
        {
            "opportunities": file,
            "owners": owners,
            "activities": activities,
            "history": history,
            "products": products,
            "findings": out,
        },
        dict(_pair(text) for text in mapping or ()),
        words={
            "dates": dates,
            "decimal": decimal,
            "won": tuple(won or ()),
            "lost": tuple(lost or ()),
            "open": tuple(still_open or ()),
            "encoding": encoding,
        },
        policies=policies,
        currency=currency,
        zone=zone,
        as_of=instant(as_of, zone),
    )
    say(checked.to_json(), as_json, lambda: show(checked))
    raise typer.Exit(1 if checked.aside else 0)


def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="an empty or new folder")],
    source: Annotated[str, typer.Option("--from", metavar="CONNECTION", help="draft from this connection's org")] = "",
    as_json: Json = False,
) -> None:
    """Write a config file and policies to start from; with --from, mappings and processes drafted from the org.

    Example: sluicegate init acme-governance
    """
    from worker.usecases.init import init as flow
    from worker.usecases.init import next_step

    written = [str(path) for path in flow(folder, asked(context).services() if source else None, source)]
    lines, then = [f"wrote {path}" for path in written], next_step(folder, source)
    say({"written": written, "next": then}, as_json, lambda: tell("\n".join([*lines, then])))


def _pair(text: str) -> tuple[str, str]:
    from model.errors import SettingsProblem

    fact, sign, header = text.partition("=")
    if not sign or not fact or not header:
        raise SettingsProblem(f"--map {text}: write FACT=HEADER, as in created=engage_date.")
    return fact.strip(), header.strip()


def show(checked: Checked) -> None:
    """The dearest flagged deals, the counts by policy, how the report was read, and where the findings lie."""
    _show_dearest(checked)
    rows = [(c["policy"], c["passed"], c["broken"], c["unknown"], _words(c["missing"])) for c in checked.counts]
    table(
        f"{many(checked.deals, 'deal')} as of {moment(checked.as_of)}",
        ("policy", "pass", "broken", "unknown", "for want of"),
        rows,
    )
    for remark in checked.remarks:
        tell(f"· {remark}")
    if checked.aside:
        tell(f"✗ {many(len(checked.aside), 'row')} set aside:")
    for aside in checked.aside[:SCREENFUL]:
        tell(f"    {aside['reason']}")
    if len(checked.aside) > SCREENFUL:
        tell(f"    … and {len(checked.aside) - SCREENFUL} more; --json lists them all.")
    if checked.dormant:
        tell(
            f"· {many(len(checked.dormant), 'rule')} not judged, as the report has no column for their facts: --json "
            "lists them, and docs/reports.md says which files to add."
        )
    tell(f"Findings: {checked.findings}" if checked.findings else "No findings were written: no deal was judged.")


def _show_dearest(checked: Checked) -> None:
    """One line a flagged deal, the dearest first."""
    rows = [
        (
            f"{deal['name'] or ''} ({deal['id']})".strip(), _amount(deal), deal["close_date"], deal["stage"],
            deal["owner"], _top(deal),
        )
        for deal in checked.dearest[:DEAREST]
    ]  # fmt: skip
    if rows:
        more = f", the {len(rows)} dearest" if len(checked.dearest) > len(rows) else ""
        title = f"{many(len(checked.dearest), 'deal')} flagged{more}"
        table(title, ("deal", "amount", "close date", "stage", "owner", "what is wrong"), rows)
    else:
        tell("\nNo deal is flagged.")


def _top(deal: dict[str, Any]) -> str:
    """The first flag, and how many there are beside it."""
    flags = [flag for flag in deal["flags"] if needs_attention(flag)]
    more = f" (+{len(flags) - 1})" if len(flags) > 1 else ""
    return f"{reason(flags[0])}{more}"


def _amount(deal: dict[str, Any]) -> str:
    return f"{money(str(deal['amount']))} {deal['currency'] or ''}".strip() if deal["amount"] is not None else ""


def _words(missing: dict[str, Any]) -> str:
    return ", ".join(f"{fact} ({count})" for fact, count in missing.items())
