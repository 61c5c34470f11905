"""The door that actions leave by: each key once, no more than one call takes; receipts in the order of the acts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from model.actions import Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from model.actions import Act, Hand

Way: TypeAlias = "Callable[[Sequence[Any]], dict[str, Receipt]]"


NOT_OFFERED: Final = "this CRM's connector does no such act"
ELSEWHERE: Final = "it is no longer with the person it went to"


class Offered(Protocol):
    """A kind of act that a connection may or may not do."""

    @property
    def offered(self) -> bool:
        """Whether it can be done with what our user may do and see."""


def check_acts(acts: Sequence[Act], most: int) -> None:
    """Raise ValueError for what must not be sent; nothing has been sent then."""
    if len(acts) > most:
        raise ValueError(f"{len(acts)} acts are more than the {most} of one batch.")
    if len({one.key for one in acts}) < len(acts):
        raise ValueError("A batch names the same action twice.")


def each(acts: Sequence[Act], ways: Mapping[type, Way]) -> list[Receipt]:
    """The receipts of acts, kind by kind as `ways` say; an act without a way is refused."""
    found = {one.key: Receipt(one.key, "refused", NOT_OFFERED) for one in acts if type(one) not in ways}
    for kind, way in ways.items():
        if mine := [one for one in acts if isinstance(one, kind)]:
            found |= way(mine)
    return [found[one.key] for one in acts]


def handed(acts: Sequence[Hand], sent: Mapping[str, Receipt], open_ones: Collection[str]) -> dict[str, Receipt]:
    """Receipts of tasks that were open: who has each now; one that somebody else was given stays theirs."""
    found = {}
    for one in (one for one in acts if one.key in open_ones):
        receipt = sent.get(one.key, Receipt(one.key, "written", ELSEWHERE))
        now = replace(receipt, before={"owner": one.was}, after={"owner": one.owner})
        found[one.key] = now if receipt.kind == "written" else receipt
    return found
