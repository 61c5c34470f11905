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
    found = _picked(
        answer(services, name, flagged=flagged, labels=True), {"owner": owner, "team": team, "stage": stage}, policy
    )
    mixed = len({deal["currency"] for deal in found if deal["amount"] is not None}) > 1
    found = _sorted(found, sort, amounts(services, name) if mixed else {})
    first = found[: top or None]
    if as_csv:
        print_csv([column.head for column in DEAL], map(deal_cells, first))
        return
    listed = [{key: value for key, value in deal.items() if key != "stage_name"} for deal in first]
    say({"deals": listed}, as_json, lambda: show_lines(_some_of(first, found, "deal"), DEAL, map(deal_cells, first)))


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

    every = answer(asked(context).services(), name, flagged=flagged)
    found = _picked(every, {"owner": owner}, policy)
    first = found[: top or None]
    if as_csv:
        print_csv([column.head for column in LEAD], map(_lead_cells, first))
        return
    say({"leads": first}, as_json, lambda: _show_leads(first, found, flagged=flagged))


def _show_leads(first: list[dict[str, Any]], found: list[dict[str, Any]], *, flagged: bool) -> None:
    if found:
        show_lines(_some_of(first, found, "lead"), LEAD, map(_lead_cells, first))
    elif flagged:
        tell("No lead has a flag.")
    else:
        tell("No lead is known. Leads are read once a policy that is not off has `subject: lead`, with the next run.")


def _some_of(first: Sequence[object], found: Sequence[object], noun: str) -> str:
    """How many are listed, and of how many."""
    total = many(len(found), noun)
    return total if len(first) == len(found) else f"{len(first):,} of {total}"


class Column(NamedTuple):
    """A column on the screen.

    `least`: it may be cut to this width, 0: it is never cut. `drop`: where cutting is not enough, the column with the
    largest number goes first, 0: it always stays. `right`: numbers. `brief`: a shorter heading for the screen.
    """

    head: str
    least: int = 0
    drop: int = 0
    right: bool = False
    brief: str = ""


DEAL: Final = (
    Column("id"), Column("deal", 22), Column("amount", right=True), Column("closes"), Column("stage", 8, drop=2),
    Column("owner", 8, drop=1), Column("score", right=True), Column("flag", 14), Column("more", brief="+"),
)  # fmt: skip
LEAD: Final = (
    Column("id"), Column("lead", 20), Column("company", 12, drop=1), Column("status", 8, drop=2),
    Column("owner", 8, drop=3), Column("flag", 14), Column("more", brief="+"),
)  # fmt: skip


def deal_cells(deal: dict[str, Any]) -> tuple[str, ...]:
    """A deal's cells under the headings of DEAL."""
    amount, stage = deal["amount"], deal.get("stage_name") or deal["stage"]
    worth = "" if amount is None else f"{Decimal(amount):,.0f} {deal['currency'] or ''}".rstrip()
    score = "" if deal["score"] is None else str(deal["score"])
    texts = (deal["id"], deal["name"] or "", worth, deal["close_date"] or "", stage or "", deal["owner"] or "", score)
    return (*texts, *_flag(deal["flags"]))


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
            _known(value, {one for row in found for one in _called(row, key)}, key)
            found = [row for row in found if value.casefold() in {one.casefold() for one in _called(row, key)}]
    if policy:
        _known(policy, {flag["policy"] for row in found for flag in row["flags"]}, "policy")
        found = [row for row in found if any(flag["policy"].casefold() == policy.casefold() for flag in row["flags"])]
    return found


def _called(row: dict[str, Any], key: str) -> set[str]:
    """The value of a row; a stage goes by its id in the process and by the CRM's label."""
    return {row[name] for name in (key, f"{key}_name") if row.get(name)}


def _known(value: str, known: Collection[str], key: str) -> None:
    if value.casefold() not in {one.casefold() for one in known}:
        each = sorted({one.casefold(): one for one in sorted(known, reverse=True)}.values())
        listed = did_you_mean(value, known) or (f"; there are {', '.join(each[:10])}." if each else ".")
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


def show_lines(
    title: str, columns: Sequence[Column], rows: Iterable[tuple[str, ...]], *, complete: str = "--csv"
) -> None:
    """A line each, cut to the width of the screen; a list longer than the terminal is paged.

    Standard error names columns that are left out, and `complete`, the option that gives every column.
    """
    cells = [
        tuple(column.brief or column.head for column in columns),
        *(tuple(_one_line(cell) for cell in row) for row in rows),
    ]
    size = shutil.get_terminal_size((120, 24))
    widths = _widths(columns, cells, size.columns)
    gone = [column.head for n, column in enumerate(columns) if n not in widths and any(row[n] for row in cells[1:])]
    if gone:
        tell(f"No room for {' and '.join(gone)} in {size.columns} columns; {complete} gives every column.", err=True)
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


def _widths(columns: Sequence[Column], rows: Sequence[tuple[str, ...]], screen: int) -> dict[int, int]:
    """The width of each column that is shown, by its number: as wide as its text, then cut, then left out."""
    from rich.cells import cell_len

    full = [max(map(cell_len, column)) if any(column[1:]) else 0 for column in zip(*rows, strict=True)]
    least = [min(width, column.least or width) for width, column in zip(full, columns, strict=True)]
    shown = [n for n, width in enumerate(full) if width]
    while _room(shown, least) > screen and any(columns[n].drop for n in shown):
        shown.remove(max(shown, key=lambda n: columns[n].drop))
    widths = {n: full[n] for n in shown}
    while _room(shown, widths) > screen and any(widths[n] > least[n] for n in shown):
        widths[max(shown, key=lambda n: widths[n] - least[n])] -= 1
    return widths


def _room(shown: Sequence[int], widths: Sequence[int] | dict[int, int]) -> int:
    """The width of a line: the columns and two spaces between them."""
    return sum(widths[n] + 2 for n in shown) - 2


def _line(row: tuple[str, ...], columns: Sequence[Column], widths: dict[int, int]) -> str:
    from rich.cells import cell_len, set_cell_size

    def fitted(n: int, width: int) -> str:
        cell = row[n]
        if cell_len(cell) > width:
            return f"{set_cell_size(cell, width - 1).rstrip()}…".ljust(width)
        room = " " * (width - cell_len(cell))
        return room + cell if columns[n].right else cell + room

    return "  ".join(fitted(n, width) for n, width in widths.items()).rstrip()
