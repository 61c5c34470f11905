"""Contacts on deals: the contacts and roles of a deal on each of its rows."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from model.snapshot import ROLES
from store.history.grid import Events, paired

if TYPE_CHECKING:
    from store.history.grid import Grid


class People:
    """The contact roles of some deals."""

    def __init__(self, roles: pl.DataFrame, grid: Grid) -> None:
        self.events = Events.of(roles, "at", grid)

    @cached_property
    def _states(self) -> pl.DataFrame:
        """contact_count and roles after each event, the earlier ones of its deal included."""
        rows = self.events.frame
        start = rows["key"].search_sorted(rows["key"], side="left").cast(pl.Int64)
        pairs = paired(start, pl.int_range(1, rows.height + 1, eager=True))
        seen = pairs.hstack(rows.select("contact_id", "role")[pairs["event"]])
        return seen.group_by("row", maintain_order=True).agg(
            contact_count=pl.col("contact_id").drop_nulls().n_unique().cast(pl.Int64),
            roles=pl.col("role").drop_nulls().unique().sort(),
        )  # fmt: skip

    def at(self, rows: pl.DataFrame) -> pl.DataFrame:
        """ROLES of the rows (key, day) that have any; their `key` is the row's place."""
        last = self.events.last(rows)
        found = pl.DataFrame({"state": last}).with_row_index("key").drop_nulls()
        return found.hstack(self._states[found["state"]]).select(
            pl.col(name).cast(kind) for name, kind in ROLES.items()
        )  # fmt: skip
