"""Records of any table but deals by their ids, for those that an earlier pass has set aside."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from connectors.hubspot.client.faults import Refused
from connectors.hubspot.client.windows import numerical
from connectors.hubspot.pull import links
from connectors.hubspot.pull.activities import KINDS
from model.sync import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

    from connectors.hubspot.client.client import Client
    from connectors.hubspot.pull.engagements import Engagements
    from connectors.hubspot.pull.pull import Pull

_WHOLE: Final = frozenset({"owner", "crm_stage", "rate"})
"""Tables that every pass reads whole."""
_OF_DEALS: Final = frozenset({"stage_change", "field_change"})
"""Tables of histories, whose ids begin with a deal's; they are read with the deal, and so are contact roles."""


def again(pull: Pull, aside: Mapping[str, list[str]]) -> Iterator[Page]:
    """Pages of these records, given by table; types that our app may not read are left out."""
    yield Page({}, asked=_asked(aside, _WHOLE))
    ways: dict[frozenset[str], Callable[[list[str]], Iterator[Page]]] = {
        frozenset({"activity"}): lambda ids: _activities(pull.engagements(), ids),
        frozenset({"account"}): pull.accounts,
        _OF_DEALS: lambda ids: pull.deals(_numbers(ids)),
    }
    if pull.sees_contacts:
        ways[frozenset({"lead"})] = lambda ids: pull.leads().by_id(_numbers(ids))
        ways[frozenset({"lead_activity"})] = lambda ids: pull.leads().logged_on(_numbers(ids, place=2))
        ways[frozenset({"contact_role"})] = ways[_OF_DEALS]
    for tables, read in ways.items():
        if wanted := _asked(aside, tables):
            pages = read(sorted(set[str]().union(*wanted.values())))
            if (yield from _readable(pages, tables)):
                yield Page({}, asked=wanted)


def _readable(pages: Iterator[Page], tables: frozenset[str]) -> Generator[Page, None, bool]:
    """The pages, and whether everything of these tables may be read; `check` gives the reason where it may not."""
    whole = True
    try:
        for page in pages:
            if "contact_role" in tables and "opportunity" in page.records:
                whole &= "contact_role" in page.whole
            yield page
    except Refused:
        return False
    return whole


def _asked(aside: Mapping[str, list[str]], tables: Iterable[str]) -> dict[str, frozenset[str]]:
    return {table: frozenset(aside[table]) for table in tables if table in aside}


def _numbers(ids: Iterable[str], place: int = 0) -> list[str]:
    """The CRM's own ids, which stand at a place within ours."""
    parts = [one.split(":") for one in ids]
    return sorted(
        {one[place] for one in parts if len(one) > place and one[place].isascii() and one[place].isdecimal()},
        key=numerical,
    )


def deals_with(client: Client, activities: Iterable[str]) -> set[str]:
    """The deals on which these activities are now; none of types that our app may not read."""
    found: set[str] = set()
    for kind in KINDS.values():
        mine = _numbers((one for one in activities if one.startswith(f"{kind.name}:")), place=1)
        with suppress(Refused):
            on = links.read(client, kind.type, "deals", mine) if mine else {}
            found.update(link.id for several in on.values() for link in several)
    return found


def _activities(engagements: Engagements, ids: list[str]) -> Iterator[Page]:
    for kind in KINDS.values():
        if mine := _numbers((one for one in ids if one.startswith(f"{kind.name}:")), place=1):
            yield from engagements.by_id(kind, mine)
