"""What is joined to leads: whether each is open, its first touch, and the clocks of facts that count hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from model.snapshot import INSTANT
from model.widening.stage_moves import MOVES

if TYPE_CHECKING:
    from model.widening.widening import Widening


def lead_steps(w: Widening, *_around: object) -> pl.DataFrame:
    """Every fact of leads; no moves, as no process binds a lead. A mapped field changes no other fact."""
    status = pl.col("status").str.strip_chars().str.to_lowercase()
    given_up = status.is_in(sorted(w.setting.closed)).fill_null(value=False)
    w.add(
        is_open=~(pl.col("is_converted") | given_up),
        first_touch_at=w.snapshot.records["first_touch"],
        now=pl.lit(w.snapshot.as_of, INSTANT),
    )
    w.resolve()
    w.map()
    for fact in w.subject.facts.values():
        if fact.clock:
            w.add((pl.lit(None, pl.Datetime("us")) if fact.name in w.setting.mapped else _local(w)).alias(fact.clock))
    w.add(*(pl.lit(None, pl.String).alias(name) for name in ("process", "stage") if name not in w.frame.columns))
    return pl.DataFrame(schema=MOVES)


def _local(w: Widening) -> pl.Expr:
    """When it became a lead, as local time without a zone."""
    at = pl.col("_created_at")
    return pl.coalesce(
        pl.when(pl.col("_zone") == code).then(at.dt.convert_time_zone(zone).dt.replace_time_zone(None))
        for code, zone in enumerate(w.zones.names)
    )
