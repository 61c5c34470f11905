"""Records of any table but deals by their ids, for those that an earlier pass has set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.hubspot.client.faults import Refused
from connectors.hubspot.client.windows import numerical
from connectors.hubspot.pull.activities import KINDS
from model.sync import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from connectors.hubspot.pull.engagements import Engagements
    from connectors.hubspot.pull.pull import Pull

_WHOLE: Final = frozenset({"owner", "crm_stage", "rate"})
"""Tables that every pass reads whole."""
_OF_DEALS: Final = frozenset({"contact_role", "stage_change", "field_change"})
"""Tables whose ids begin with a deal's, and whose rows are read with the deal."""


def again(pull: Pull, aside: Mapping[str, list[str]]) -> Iterator[Page]:
    """Pages of these records, given by table; types that our app may not read are left out."""
    yield Page({}, asked=_asked(aside, _WHOLE))
    ways: dict[frozenset[str], Callable[[list[str]], Iterator[Page]]] = {
        frozenset({"activity"}): lambda ids: _activities(pull.engagements(), ids),
        frozenset({"lead"}): lambda ids: pull.leads().by_id(_numbers(ids)),
        frozenset({"lead_activity"}): lambda ids: pull.leads().logged_on(_numbers(ids, place=2)),
        frozenset({"account"}): pull.accounts,
        _OF_DEALS: lambda ids: pull.deals(_numbers(ids)),
    }
    for tables, read in ways.items():
        if wanted := _asked(aside, tables):
            try:
                yield from read(sorted(set().union(*wanted.values())))
            except Refused:
                continue  # `check` gives the reason
            yield Page({}, asked=wanted)


def _asked(aside: Mapping[str, list[str]], tables: Iterable[str]) -> dict[str, frozenset[str]]:
    return {table: frozenset(aside[table]) for table in tables if table in aside}


def _numbers(ids: Iterable[str], place: int = 0) -> list[str]:
    """The CRM's own ids, which stand at a place within ours."""
    parts = [one.split(":") for one in ids]
    return sorted(
        {one[place] for one in parts if len(one) > place and one[place].isascii() and one[place].isdecimal()},
        key=numerical,
    )


def _activities(engagements: Engagements, ids: list[str]) -> Iterator[Page]:
    for kind in KINDS.values():
        if mine := _numbers((one for one in ids if one.startswith(f"{kind.name}:")), place=1):
            yield from engagements.by_id(kind, mine)
