"""`deals` and `leads`: one line each, the most valuable first, or as CSV."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from model.errors import SettingsProblem
from model.helpers.words import did_you_mean, many
from worker.cli.common import AsCsv, Json, Name, asked, one_form, say, tell
from worker.cli.screen.columns import Column, print_csv, show_lines
from worker.usecases.narrowed_lists import SORTS, in_order, picked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.usecases.digest import HomeAmounts

Owner = Annotated[str, typer.Option("--owner", help="only those of this owner")]
Policy = Annotated[str, typer.Option("--policy", metavar="ID", help="only those with a flag of this policy")]
Top = Annotated[int, typer.Option("--top", min=0, help="only the first so many; 0: all")]


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

    CSV has the amount as a number, its currency, and the amount in the home currency where it is known.

    Example: sluicegate deals acme --flagged --owner 'Ann Lee' --top 20
    """
    from worker.usecases.answers import deals as answer
    from worker.usecases.answers import judged_or_say
    from worker.usecases.digest import HomeAmounts, amounts

    if sort not in SORTS:
        raise SettingsProblem(f"--sort {sort}: write one of {', '.join(SORTS)}{did_you_mean(sort, SORTS) or '.'}")
    services = asked(context).services()
    one_form(as_csv=as_csv, as_json=as_json)
    judged_or_say(services, name)
    found = picked(
        answer(services, name, flagged=flagged, labels=True), {"owner": owner, "team": team, "stage": stage}, policy
    )
    mixed = len({deal["currency"] for deal in found if deal["amount"] is not None}) > 1
    home = amounts(services, name) if mixed or as_csv else HomeAmounts()
    found = in_order(found, sort, home.by_deal if mixed else {})
    first = found[: top or None]
    if as_csv:
        print_csv(*deal_csv(first, home))
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

    one_form(as_csv=as_csv, as_json=as_json)
    every = answer(asked(context).services(), name, flagged=flagged)
    found = picked(every, {"owner": owner}, policy)
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


DEAL: Final = (
    Column("id"), Column("deal", 22), Column("amount", right=True), Column("closes"), Column("stage", 8, drop=2),
    Column("owner", 8, drop=1), Column("score", right=True), Column("flag", 14), Column("more", brief="+"),
)  # fmt: skip
AMOUNTS: Final = ("amount", "currency", "amount_home", "home_currency")
"""The columns of CSV in the place of the amount."""
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


def deal_csv(deals: Sequence[dict[str, Any]], home: HomeAmounts) -> tuple[list[str], list[tuple[str, ...]]]:
    """Heads and lines of CSV, in which amounts are plain numbers beside their currency; at home only where known."""
    from kpis.values import written

    heads = [column.head for column in DEAL]
    place = heads.index("amount")

    def line(deal: dict[str, Any]) -> tuple[str, ...]:
        cells, worth = deal_cells(deal), home.by_deal.get(deal["id"])
        at_home = ("", "") if worth is None else (str(written(worth, money=True)), home.currency or "")
        return (*cells[:place], deal["amount"] or "", deal["currency"] or "", *at_home, *cells[place + 1 :])

    return [*heads[:place], *AMOUNTS, *heads[place + 1 :]], [line(deal) for deal in deals]


def _lead_cells(lead: dict[str, Any]) -> tuple[str, ...]:
    return lead["id"], *(lead[key] or "" for key in ("name", "company", "status", "owner")), *_flag(lead["flags"])


def _flag(flags: Sequence[dict[str, Any]]) -> tuple[str, str]:
    """The worst flag, and how many others there are; twins of one topic are one."""
    from worker.usecases.answers import neglects

    heads = neglects(flags)
    return (heads[0][0], f"+{len(heads) - 1}" if len(heads) > 1 else "") if heads else ("", "")
