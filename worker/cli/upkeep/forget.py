"""`forget owner|contact`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from model.errors import SettingsProblem
from model.helpers.words import many
from worker.cli.common import Json, Name, asked, say, table, tell
from worker.cli.connections import confirmed

if TYPE_CHECKING:
    from worker.usecases.erasure.forget import Forgotten

forget = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Replace what is known of a person.")
Also = Annotated[
    list[str] | None, typer.Option("--also", metavar="TEXT", help="a name to be found in any text; repeatable")
]
Yes = Annotated[bool, typer.Option("--yes", help="do it without asking")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(forget, name="forget")


@forget.command()
def owner(
    context: typer.Context,
    name: Name,
    who: Annotated[str, typer.Argument(metavar="ID|LOGIN|NAME", help="the owner, as the CRM knows them")],
    also: Also = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Replace an owner's name, login and id by a pseudonym in every table, history and text. It cannot be undone.

    Receipts and histories keep the pseudonym, and the next pull reads the person as the same pseudonym. Team, region
    and time zone stay, because limits and KPIs need them. The CRM is not changed.

    Example: sluicegate forget owner acme rita.rep@acme.example --yes
    """
    from worker.usecases.erasure.forget import forget_owner

    _confirm(who, name, yes=yes)
    found = forget_owner(asked(context).services(quiet=as_json), name, who, also or ())
    say(found.to_json(), as_json, lambda: show(found))


@forget.command()
def contact(
    context: typer.Context,
    name: Name,
    who: Annotated[str, typer.Argument(metavar="ID|EMAIL", help="the contact's id in the CRM, or mail address")],
    also: Also = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Replace a contact's id, mail address and names by a pseudonym in every table, history and text.

    It cannot be undone, and the next pull reads the person as the same pseudonym. The store keeps no names of contacts:
    give names that may stand in texts, such as next steps, with --also. The CRM is not changed.

    Example: sluicegate forget contact acme jane@buyer.example --also "Jane Doe" --yes
    """
    from worker.usecases.erasure.forget import forget_contact

    _confirm(who, name, yes=yes)
    found = forget_contact(asked(context).services(quiet=as_json), name, who, also or ())
    say(found.to_json(), as_json, lambda: show(found))


def _confirm(who: str, name: str, *, yes: bool) -> None:
    if not (yes or confirmed(f"Replace what the store knows of '{who}' on '{name}' by a pseudonym, for good?")):
        raise SettingsProblem("Nothing was changed. Answer yes, or give --yes in a script.")


def show(found: Forgotten) -> None:
    """Print the pseudonym, the changed rows by table, and what is left to do."""
    total = sum(found.rows.values())
    tell(f"{many(total, 'row')} of '{found.connection}' changed. The person is {found.pseudonym} from now on.")
    if found.rows:
        table("Changed rows", ("rows of", "number"), [(t, f"{n:,}") for t, n in found.rows.items()])
    for remark in found.remarks:
        tell(remark)
