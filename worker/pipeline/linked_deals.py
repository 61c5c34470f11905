"""Deals that two connections carry, because their CRMs sync with each other: one connection owns each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import polars as pl

from model.errors import SettingsProblem

if TYPE_CHECKING:
    from model.wide import Wide
    from worker.pipeline.session import Session

LINKED_ID: Final = "linked_id"


def owned_elsewhere(session: Session) -> frozenset[str]:
    """Ids of the deals of the connection named by `linked_to`; raises SettingsProblem where it cannot be told."""
    other = session.connection.linked_to
    if not other:
        return frozenset()
    session.services.connection(other)
    if LINKED_ID not in session.connection.fields:
        raise SettingsProblem(
            f"connections.{session.name}.linked_to needs the field that holds the other CRM's id: map it as "
            f"{LINKED_ID} under [connections.{session.name}.fields]."
        )
    return frozenset(session.store.mirror.ids(other))


def without(wide: Wide, owned: frozenset[str]) -> Wide:
    """`wide` less the deals that another connection judges, measures and writes."""
    if not owned or LINKED_ID not in wide.frame.columns:
        return wide
    frame = wide.frame.filter(~pl.col(LINKED_ID).is_in(list(owned)).fill_null(value=False))
    return replace(wide, frame=frame, moves=wide.moves.join(frame, on="key", how="semi", maintain_order="left"))
