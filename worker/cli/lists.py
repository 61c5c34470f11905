"""`deals` and `leads`: one line each, the most valuable first, or as CSV."""

from __future__ import annotations

import csv
import shutil
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer

from model.errors import SettingsProblem
from model.helpers.spreadsheet_cells import inert
from model.helpers.words import did_you_mean, many
from worker.cli.common import Json, Name, asked, say, tell, visible

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

Owner = Annotated[str, typer.Option("--owner", help="only those of this owner")]
Policy = Annotated[str, typer.Option("--policy", metavar="ID", help="only those with a flag of this policy")]
Top = Annotated[int, typer.Option("--top", min=0, help="only the first so many; 0: all")]
AsCsv = Annotated[bool, typer.Option("--csv", help="print CSV with whole texts")]
SORTS: Final = ("amount", "score", "close", "owner", "stage", "name")
NARROW: Final = 6


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(deals)
    app.command()(leads)


def deals(
    context: typer.Context,
    name: Name,
    flagged: Annotated[
        bool, typer.Option("--flagged", help="only deals with a flag on the record, or one about won deals")
    ] = False,
    owner: Owner = "",
    team: Annotated[str, typer.Option("--team", help="only those of this team")] = "",
    policy: Policy = "",
    stage: Annotated[str, typer.Option("--stage", help="only those in this stage")] = "",
    sort: Annotated[str, typer.Option("--sort", help=f"by {', '.join(SORTS)}")] = "amount",
    top: Top = 0,
    as_csv: AsCsv = False,
    as_json: Json = False,
) -> None:
    """List the deals, the most valuable first: amount, close date, stage, owner, score and the worst flag.

    Example: sluicegate deals acme --flagged --owner 'Ann Lee' --top 20
    """
    from worker.usecases.answers import deals as answer
    from worker.usecases.answers import judged_or_say
    from worker.usecases.digest import amounts

    if sort not in SORTS:
        raise SettingsProblem(f"--sort {sort}: write one of {', '.join(SORTS)}{did_you_mean(sort, SORTS) or '.'}")
    services = asked(context).services()
    judged_or_say(services, name)
    found = _picked(answer(services, name, flagged=flagged), {"owner": owner, "team": team, "stage": stage}, policy)
    mixed = len({deal["currency"] for deal in found if deal["amount"] is not None}) > 1
    found = _sorted(found, sort, amounts(services, name) if mixed else {})
    found = found[: top or None]
    if as_csv:
        print_csv([column.head for column in DEAL], map(deal_cells, found))
        return
    say({"deals": found}, as_json, lambda: show_lines(many(len(found), "deal"), DEAL, map(deal_cells, found)))


def leads(
    context: typer.Context,
    name: Name,
    flagged: Annotated[bool, typer.Option("--flagged", help="only leads with a flag")] = False,
    owner: Owner = "",
    policy: Policy = "",
    top: Top = 0,
    as_csv: AsCsv = False,
    as_json: Json = False,
) -> None:
    """List the leads with what the policies about leads found; they are read where a policy names them.

    Example: sluicegate leads acme --flagged
    """
    from worker.usecases.answers import leads as answer

    found = _picked(answer(asked(context).services(), name, flagged=flagged), {"owner": owner}, policy)[: top or None]
    if as_csv:
        print_csv([column.head for column in LEAD], map(_lead_cells, found))
        return
    say({"leads": found}, as_json, lambda: show_lines(many(len(found), "lead"), LEAD, map(_lead_cells, found)))


class Column(NamedTuple):
    """A column: its heading; `cut`: its share of the room where columns are cut, 0: it never is; `right`: numbers."""

    head: str
    cut: int = 0
    right: bool = False


DEAL: Final = (
    Column("id"), Column("deal", cut=2), Column("amount", right=True), Column("closes"), Column("stage", cut=1),
    Column("owner", cut=1), Column("score", right=True), Column("flag", cut=2), Column("more"),
)  # fmt: skip
LEAD: Final = (
    Column("id"), Column("lead", cut=2), Column("company", cut=1), Column("status", cut=1),
    Column("owner", cut=1), Column("flag", cut=2), Column("more"),
)  # fmt: skip


def deal_cells(deal: dict[str, Any]) -> tuple[str, ...]:
    """A deal's cells under the headings of DEAL."""
    amount = deal["amount"]
    worth = "" if amount is None else f"{Decimal(amount):,.0f} {deal['currency'] or ''}".rstrip()
    score = "" if deal["score"] is None else str(deal["score"])
    dated = deal["close_date"] or ""
    return (
        deal["id"], deal["name"] or "", worth, dated, deal["stage"] or "", deal["owner"] or "", score,
        *_flag(deal["flags"]),
    )  # fmt: skip


def _lead_cells(lead: dict[str, Any]) -> tuple[str, ...]:
    return lead["id"], *(lead[key] or "" for key in ("name", "company", "status", "owner")), *_flag(lead["flags"])


def _flag(flags: Sequence[dict[str, Any]]) -> tuple[str, str]:
    """The worst flag, and how many others there are; twins of one topic are one."""
    from worker.usecases.answers import neglects

    heads = neglects(flags)
    return (heads[0][0], f"+{len(heads) - 1}" if len(heads) > 1 else "") if heads else ("", "")


def _picked(found: list[dict[str, Any]], wanted: dict[str, str], policy: str) -> list[dict[str, Any]]:
    """Those with the wanted values, case aside. Raises SettingsProblem for a value that none of them has."""
    for key, value in wanted.items():
        if value:
            _known(value, {row[key] for row in found if row[key]}, key)
            found = [row for row in found if (row[key] or "").casefold() == value.casefold()]
    if policy:
        _known(policy, {flag["policy"] for row in found for flag in row["flags"]}, "policy")
        found = [row for row in found if any(flag["policy"].casefold() == policy.casefold() for flag in row["flags"])]
    return found


def _known(value: str, known: Collection[str], key: str) -> None:
    if value.casefold() not in {one.casefold() for one in known}:
        listed = did_you_mean(value, known) or (f"; there are {', '.join(sorted(known)[:10])}." if known else ".")
        raise SettingsProblem(f"Nothing in this list has the {key} '{value}'{listed}")


def _sorted(found: list[dict[str, Any]], by: str, home: dict[str, Decimal]) -> list[dict[str, Any]]:
    """By a column; what has no value comes last. `home`: amounts in one currency, where the deals have several."""

    def value(deal: dict[str, Any]) -> Any:
        if by == "amount":
            worth = home.get(deal["id"]) if home else deal["amount"]
            return None if worth is None else -Decimal(worth)
        found = deal["close_date" if by == "close" else by]
        return found.casefold() if isinstance(found, str) else found

    known = [(value(deal), deal) for deal in found]
    ranked = sorted(((v, d) for v, d in known if v is not None), key=lambda pair: pair[0])
    return [*(deal for _, deal in ranked), *(deal for v, deal in known if v is None)]


def print_csv(heads: Sequence[str], rows: Iterable[tuple[str, ...]]) -> None:
    """Rows as CSV on standard output; a cell that a spreadsheet would run is shown instead."""
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(heads)
    out.writerows([inert(visible(cell)) for cell in row] for row in rows)


def show_lines(title: str, columns: Sequence[Column], rows: Iterable[tuple[str, ...]]) -> None:
    """A line each, cut to the width of the screen; a list longer than the terminal is paged."""
    cells = [tuple(column.head for column in columns), *(tuple(_one_line(cell) for cell in row) for row in rows)]
    size = shutil.get_terminal_size((120, 24))
    widths = _widths(columns, cells, size.columns)
    lines = [title, *(_line(row, columns, widths) for row in cells)]
    if not sys.stdout.isatty() or len(lines) < size.lines:
        tell("\n".join(lines))
        return
    from rich.console import Console

    console = Console(highlight=False)
    with console.pager():
        console.print("\n".join(lines), markup=False, no_wrap=True)


def _one_line(cell: str) -> str:
    return " ".join(visible(cell).split())


def _widths(columns: Sequence[Column], rows: Sequence[tuple[str, ...]], screen: int) -> list[int]:
    """The width of each column; the widest of those that may be cut gives way until all fit."""
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    free = [n for n, column in enumerate(columns) if column.cut]
    while sum(widths) + 2 * (len(widths) - 1) > screen:
        widest = max(free, key=lambda n: widths[n] / columns[n].cut)
        if widths[widest] <= NARROW:
            break
        widths[widest] -= 1
    return widths


def _line(row: tuple[str, ...], columns: Sequence[Column], widths: Sequence[int]) -> str:
    from rich.cells import cell_len, set_cell_size

    def fitted(cell: str, column: Column, width: int) -> str:
        room = " " * (width - cell_len(cell))
        if cell_len(cell) > width:
            return f"{set_cell_size(cell, width - 1)}…"
        return room + cell if column.right else cell + room

    return "  ".join(map(fitted, row, columns, widths)).rstrip()
