"""Contacts on the deal and the roles they play."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from model.stages import normalised
from model.widening.left_join import beside

if TYPE_CHECKING:
    from model.judging_options import Setting
    from model.snapshot import Snapshot


def with_people(frame: pl.DataFrame, snapshot: Snapshot, setting: Setting) -> pl.DataFrame:
    """`frame` with contact_count, contact_roles, buyer_role and champion_role (null where the feed is late).

    Where the feed was never read it says nothing either way: both roles are false.
    """
    silent = pl.lit(None if "contact_roles" in setting.feeds_late else False, pl.Boolean)
    names = snapshot.roles["roles"].explode(empty_as_null=True).unique().drop_nulls()

    def plays(wanted: tuple[str, ...]) -> pl.Expr:
        spellings = [name for name in names if normalised(name.replace("_", " ")) in wanted]
        played = [pl.col("roles").list.contains(spelling) for spelling in spellings]
        plays_one = pl.any_horizontal(played).fill_null(value=False) if played else pl.lit(value=False)
        return pl.when(plays_one).then(pl.lit(value=True)).otherwise(silent)

    roles = snapshot.roles.select(
        "key",
        "contact_count",
        buyer_role=plays(setting.buyer_roles),
        champion_role=plays(setting.champion_roles),
        contact_roles=pl.when(pl.col("roles").list.len() > 0).then("roles"),
    )
    return beside(frame, roles).with_columns(
        pl.col("buyer_role").fill_null(silent), pl.col("champion_role").fill_null(silent),
    )  # fmt: skip
