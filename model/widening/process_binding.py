"""Which process binds a deal: exactly one must claim it, for certain."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import orjson
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model.process import Process
    from model.wide import Wide


def bound(wide: Wide, processes: Sequence[Process]) -> pl.DataFrame:
    """key, process (null where not exactly one claims the deal) and `_process_unknown`: why, else null.

    A process without a claim takes the deals that no other claims. The reason is unclaimed, doubly claimed, or unknown
    where a claim cannot be judged.
    """
    stated = {process.id: process.applies_to.polars(wide) for process in processes if process.applies_to}
    left = ~pl.any_horizontal(pl.lit(value=False), *stated.values())
    claims = [stated.get(process.id, left).alias(process.id) for process in processes]
    claimed = wide.frame.select("key", *claims)
    count = pl.sum_horizontal(pl.lit(0, pl.Int64), *(pl.col(p.id).cast(pl.Int64) for p in processes))
    unsure = pl.any_horizontal(pl.lit(value=False), *(pl.col(p.id).is_null() for p in processes))
    only = pl.coalesce(pl.lit(None, pl.String), *(pl.when(p.id).then(pl.lit(p.id)) for p in processes))
    return claimed.select(
        "key",
        process=pl.when((count == 1) & ~unsure).then(only),
        _process_unknown=pl.when(count > 1).then(pl.lit("doubly claimed"))
        .when(unsure).then(pl.lit("unknown")).when(count == 0).then(pl.lit("unclaimed")),
    )  # fmt: skip


def as_claimed(moves: pl.DataFrame, wide: Wide, processes: Sequence[Process], changes: pl.DataFrame) -> pl.DataFrame:
    """MOVES with `process` as the deal was claimed when it moved: what claims ask for may have changed since.

    `changes`: CLAIM_CHANGES; those of the pipeline are left to `in_pipelines`. A change of the move's own instant
    belongs to the move. A move in the deal's present process that another one, or none, claimed then has that process,
    or null.
    """
    fields = [name for name in changes["field"].unique().sort() if name in wide.frame.columns and name != "pipeline"]
    if not fields:
        return moves
    numbered = moves.with_row_index("n")
    mine = numbered.join(bound(wide, processes).select("key", "process"), on=["key", "process"], how="semi")
    then = mine.join(changes, on="key", how="semi").select("n", "key", "at").sort("at")
    frame = then.select("key").join(wide.frame, on="key", how="left", maintain_order="left")
    for name in fields:
        later = changes.filter(pl.col("field") == name).select("key", "at", "before").sort("at")
        was = then.join_asof(
            later, on="at", by="key", strategy="forward", allow_exact_matches=False, check_sortedness=False
        )
        frame = frame.with_columns(_as_it_was(frame[name], was["before"]))
    claims = then.select("n", _then=bound(replace(wide, frame=frame), processes)["process"], _known=pl.lit(value=True))
    found = numbered.join(claims, on="n", how="left", maintain_order="left")
    return found.with_columns(process=pl.when("_known").then("_then").otherwise("process")).select(moves.columns)


def _as_it_was(now: pl.Series, texts: pl.Series) -> pl.Series:
    """The column with earlier values, JSON texts, put in where there are any."""
    values = [None if text is None else orjson.loads(text) for text in texts]
    plain = [value if value is None or isinstance(value, bool) else str(value) for value in values]
    kind = pl.Boolean if now.dtype == pl.Boolean else pl.String
    was = pl.Series(plain, dtype=kind, strict=False).cast(now.dtype, strict=False)
    return now.zip_with(texts.is_null(), was)


def in_pipelines(stages: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """Stage changes with the pipeline of their time, from `changes` (CLAIM_CHANGES) where the CRM gives none."""
    earlier = changes.filter(pl.col("field") == "pipeline").select("key", "at", _before="before").sort("at")
    if earlier.is_empty():
        return stages
    rows = stages.with_row_index("n").sort("at")
    then = rows.join_asof(
        earlier, on="at", by="key", strategy="forward", allow_exact_matches=False, check_sortedness=False
    ).sort("n")
    was = pl.Series([None if text is None else orjson.loads(text) for text in then["_before"]], dtype=pl.String)
    return stages.with_columns(pipeline=pl.coalesce("pipeline", was))


def rebound(changes: pl.DataFrame, wide: Wide, processes: Sequence[Process]) -> pl.DataFrame:
    """`changes` with `process`: the one that would claim the deal in that row's pipeline; null for the deal's own.

    A row of another pipeline that no process claims for certain has the empty text.
    """
    own = wide.frame.select("key", _own="pipeline")
    there = pl.col("pipeline").is_not_null()
    if not changes.select(there.any()).item():
        return changes.with_columns(process=pl.lit(None, pl.String))
    rows = changes.join(own, on="key", how="left", maintain_order="left")
    odd = rows.filter(there & (pl.col("pipeline") != pl.col("_own")).fill_null(value=True))
    pairs = odd.select("key", "pipeline").unique(maintain_order=True)
    moved = pairs.join(wide.frame.drop("pipeline"), on="key", how="left", maintain_order="left")
    claims = bound(replace(wide, frame=moved), processes)["process"].fill_null("")
    return rows.drop("_own").join(
        pairs.with_columns(process=claims), on=["key", "pipeline"], how="left", maintain_order="left",
    )  # fmt: skip
