"""Identity and place: the record's own columns, its owner, local dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from model.widening.left_join import beside

if TYPE_CHECKING:
    from model.calendars.zones import Zones
    from model.snapshot import Snapshot


def placed(snapshot: Snapshot, zones: Zones) -> pl.DataFrame:
    """The records with local dates for instants, `_created_at`, `_zone`, as_of_date, `_today`, the owner's columns.

    These are owner, owner_readable, owner_is_active, team, owner_region.
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
    frame = beside(snapshot.records, owners, on="owner_id").with_columns(
        pl.col("_zone").fill_null(0),
        _owner_readable(),
        pl.col("unread").fill_null(""),
        _created_at="created",
    )
    today = _today(frame, snapshot, zones)
    dates = snapshot.subject.dates.items()
    return frame.with_columns(
        *(zones.date(frame[instant], frame["_zone"]).alias(name) for name, instant in dates),
        _today=today,
        as_of_date=today,
    )


def _owner_readable() -> pl.Expr:
    """Whether it is known who owns the record: nobody, or somebody whose record could be read."""
    read = ~pl.col("unread").fill_null("").str.contains(";owner_id;", literal=True)
    found = pl.col("owner_readable").fill_null(value=False) | pl.col("owner_id").is_null()
    return (read & found).alias("owner_readable")


def _today(frame: pl.DataFrame, snapshot: Snapshot, zones: Zones) -> pl.Series:
    """The local date of as_of in each deal owner's zone; rows of a replay have an `as_of` each."""
    if "as_of" in frame.columns:
        return zones.date(frame["as_of"], frame["_zone"])
    return zones.today(snapshot.as_of).gather(frame["_zone"])
