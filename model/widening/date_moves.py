"""Moves of the close date, by the local day of the deal's owner. KPIs of movements count them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from model.calendars.zones import Zones
from model.helpers.json_values import typed
from model.snapshot import DEALS, columns

if TYPE_CHECKING:
    from model.snapshot import Snapshot

DATE_MOVES: Final = columns({"key": pl.Int64, "on": pl.Date, "before": pl.Date, "after": pl.Date})
"""Oldest first by deal; `on` is the local day of the move, `before` and `after` are null where the date was blank."""


def date_moves(snapshot: Snapshot, zone: str) -> pl.DataFrame:
    """Every recorded change of a deal's close date (DATE_MOVES). `zone` is the connection's, for owners without one."""
    zones = Zones.of(zone, snapshot.owners["zone"])
    mine = snapshot.field_changes.filter(pl.col("field") == "close_date")
    places = snapshot.owners.select(owner_id="id", zone=zones.code(pl.col("zone")))
    owned = snapshot.records.select("key", "owner_id").join(places, on="owner_id", how="left")
    mine = mine.join(owned, on="key", how="left", maintain_order="left")
    return mine.select(
        "key",
        zones.date(mine["at"], mine["zone"].fill_null(0)).alias("on"),
        *(typed(mine[side], DEALS["close_date"]).alias(side) for side in ("before", "after")),
    )
