"""Touches one by one, by the rep who made them and the rep's local day."""

from __future__ import annotations

import polars as pl

from model.calendars.zones import Zones


def touches_by_rep(logged: pl.DataFrame, owners: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Key (0), on, kind, owner, team of each row of LOGGED. `zone` is the connection's, for owners without."""
    zones = Zones.of(zone, owners["zone"])
    people = owners.select(
        "team", owner_id="id", owner="name", zone=zones.code(pl.col("zone"))
    )  # fmt: skip
    found = logged.join(people, on="owner_id", how="left", maintain_order="left")
    on = zones.date(found["at"], found["zone"].fill_null(0))
    return found.select("kind", "owner", "team", on=on, key=pl.lit(0, pl.Int64))
