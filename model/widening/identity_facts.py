"""Identity and place: the deal's own columns, its owner, local dates."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

import polars as pl

from model.stages import LOST, OPEN, WON
from model.widening.left_join import beside

if TYPE_CHECKING:
    from model.calendars.zones import Zones
    from model.snapshot import Snapshot

INSTANTS: Final = {
    "created": "created",
    "last_edit": "last_edit",
    "owner_changed": "owner_since",
    "next_step_changed": "next_step_on",
}
"""Instants of DEALS and the local dates made of them."""


def placed(snapshot: Snapshot, zones: Zones) -> pl.DataFrame:
    """DEALS with local dates for instants, `_created_at`, `_zone`, `_today`, `_utc_day`, the owner's columns.

    These are owner, owner_readable, owner_is_active, team, owner_region; `_closed` is OPEN, WON or LOST by the record.
    """
    owners = snapshot.owners.select(
        owner_id="id",
        owner="name",
        owner_is_active="is_active",
        team="team",
        owner_region="region",
        _zone=zones.code(pl.col("zone")),
        owner_readable=pl.lit(value=True),
    )
    frame = beside(snapshot.deals, owners, on="owner_id").with_columns(
        pl.col("_zone").fill_null(0),
        pl.col("owner_readable").fill_null(value=False) | pl.col("owner_id").is_null(),
        pl.col("unread").fill_null(""),
        _created_at="created",
    )
    return frame.with_columns(
        *(zones.date(frame[instant], frame["_zone"]).alias(name) for instant, name in INSTANTS.items()),
        _today=_today(frame, snapshot, zones),
        _utc_day=pl.col("as_of").dt.date() if "as_of" in frame.columns else snapshot.as_of.astimezone(UTC).date(),
        _closed=pl.when(~pl.col("is_closed")).then(OPEN).when("is_won").then(WON)
        .when("is_closed").then(LOST).otherwise(OPEN),
    )  # fmt: skip


def _today(frame: pl.DataFrame, snapshot: Snapshot, zones: Zones) -> pl.Series:
    """The local date of as_of in each deal owner's zone; rows of a replay have an `as_of` each."""
    if "as_of" in frame.columns:
        return zones.date(frame["as_of"], frame["_zone"])
    return zones.today(snapshot.as_of).gather(frame["_zone"])
