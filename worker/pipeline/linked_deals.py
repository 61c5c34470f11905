"""Deals in two connections with synced CRMs. One connection owns each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from connectors.registry import crm
from model.errors import SettingsProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    from model.wide import Wide
    from worker.pipeline.session import Session

LINKED_ID: Final = "linked_id"


class Owned(NamedTuple):
    """Ids, normalized, of the deals that another connection owns. `same_id` normalizes an id of that CRM."""

    ids: frozenset[str]
    same_id: Callable[[str], str]


def owned_elsewhere(session: Session) -> Owned:
    """The deals of the connection in `linked_to`. Raises SettingsProblem if the link has no field."""
    other = session.connection.linked_to
    if not other:
        return Owned(frozenset(), str)
    kind = session.services.connection(other).kind
    if LINKED_ID not in session.connection.fields:
        raise SettingsProblem(
            f"connections.{session.name}.linked_to needs the field that holds the other CRM's id: map it as "
            f"{LINKED_ID} under [connections.{session.name}.fields]."
        )
    same_id = crm(kind).same_id
    return Owned(frozenset(map(same_id, session.store.mirror.ids(other))), same_id)


def without(wide: Wide, owned: Owned) -> Wide:
    """`wide` without the deals that another connection judges, measures and writes."""
    if not owned.ids or LINKED_ID not in wide.frame.columns:
        return wide
    linked = wide.frame[LINKED_ID].drop_nulls().unique()
    elsewhere = [text for text in linked if owned.same_id(text) in owned.ids]
    frame = wide.frame.filter(~pl.col(LINKED_ID).is_in(elsewhere).fill_null(value=False))
    return replace(wide, frame=frame, moves=wide.moves.join(frame, on="key", how="semi", maintain_order="left"))
