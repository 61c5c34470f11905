"""The last move of each flagged deal, by the CRM's stage names, and the move past a missed criterion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from policies.actions.moves_back import LastMove

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from worker.pipeline.judging.judged import JudgedPart


def missed_at(judged: JudgedPart, keys: Collection[int]) -> dict[tuple[int, str], datetime]:
    """Instants of the moves that bind deals to criteria, by deal and criterion."""
    bound = judged.verdict.bound.filter(pl.col("key").is_in(list(keys)))
    return {(key, name): at for key, name, at in bound.select("key", "criterion", "moved_at").iter_rows()}


def last_moves(judged: JudgedPart, keys: Collection[int]) -> dict[int, LastMove]:
    """The last moves of deals with a record that matches the end of their history. Others are left out."""
    snapshot, wanted = judged.part.snapshot, pl.col("key").is_in(list(keys))
    deals = {row["key"]: row for row in snapshot.deals.filter(wanted).iter_rows(named=True)}
    ended = _last_two(snapshot.stage_changes.filter(wanted))
    kinds = judged.part.wide.moves.filter(wanted).sort("key", "at", maintain_order=True)
    kinds = kinds.group_by("key", maintain_order=True).last()
    in_use = _open_stages(snapshot.crm_stages)
    found = {}
    for row in ended.join(kinds.select("key", "at", "kind", "actor", "ours"), on=["key", "at"]).iter_rows(named=True):
        deal = deals.get(row["key"])
        if deal and deal["stage_name"] == row["stage_name"] and row["before"] is not None:
            there = {(row["pipeline"], row["before"]), (None, row["before"])}
            found[row["key"]] = LastMove(
                deal["id"], row["at"], row["before"], row["stage_name"], row["pipeline"],
                ordinary=_ordinary(row), open=not there.isdisjoint(in_use),
            )  # fmt: skip
    return found


def _last_two(changes: pl.DataFrame) -> pl.DataFrame:
    """One row per deal: its last stage change, with the stage and the pipeline before it."""
    same = pl.col("key") == pl.col("key").shift(1)
    rows = changes.with_columns(
        before=pl.when(same).then(pl.col("stage_name").shift(1)),
        was_in=pl.when(same).then(pl.col("pipeline").shift(1)),
    )
    return rows.group_by("key", maintain_order=True).last()


def _ordinary(row: dict[str, object]) -> bool:
    """Whether a person moved the deal forward within one pipeline. A change of process does not count."""
    return row["kind"] == "forward" and row["actor"] == "user" and not row["ours"] and row["pipeline"] == row["was_in"]


def _open_stages(stages: pl.DataFrame) -> set[tuple[str | None, str]]:
    """Open stages as (pipeline, name), or (None, name) without pipelines."""
    usable = stages.filter(pl.col("is_active").fill_null(value=True) & ~pl.col("is_closed").fill_null(value=True))
    return {(pipeline, name) for pipeline, name in usable.select("pipeline", "name").iter_rows()}
