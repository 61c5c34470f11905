"""What deals owe to their stages: the day they reached Proposal, and the weight and figures of their stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.populations.population import Ask, Source, is_unknown
from model.snapshot import MONEY, columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model.process import Process

PROPOSAL: Final = "proposal"
PLACES: Final = columns({
    "process": pl.String, "stage": pl.String, "place": pl.Int64, "weight": MONEY, "stages": pl.Int64,
    "proposal": pl.Int64,
})  # fmt: skip


def places(processes: Sequence[Process]) -> pl.DataFrame:
    """A row a stage: its place and weight, how many stages its process has before Won, the place of `proposal`."""
    rows = [
        {
            "process": process.id, "stage": stage.id, "place": place, "weight": stage.weight,
            "stages": len(process.stages) - 1,
            "proposal": ids.index(PROPOSAL) + 1 if PROPOSAL in (ids := process.stage_ids()) else None,
        }
        for process in processes for place, stage in enumerate(process.stages, 1)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=PLACES)


def with_stages(frame: pl.LazyFrame, source: Source) -> pl.LazyFrame:
    """`frame` with weight and stages of its stage, and what it reached of Proposal.

    has_proposal: its process has the stage. proposed: it reached the stage, a later one, or Won; null if unknown.
    proposed_on: the first day, null if unknown. `frame` has is_won, is_lost, closed_day, `unknown_stage`, `_blind` and
    what `of_moves` gives.
    """
    stages = places(source.processes)
    by_process = stages.group_by("process").agg(pl.col("proposal").first())
    won, reached = pl.col("is_won").fill_null(value=False), pl.col("_proposed_on").is_not_null()
    blind = pl.col("_blind") | (pl.col("is_lost").fill_null(value=False) & ~pl.col("_staged").fill_null(value=False))
    return (
        frame.join(by_process.lazy(), on="process", how="left", maintain_order="left")
        .join(stages.lazy().select("process", "stage", "weight", "stages"), on=["process", "stage"], how="left",
              maintain_order="left")
        .with_columns(
            has_proposal=pl.col("proposal").is_not_null(),
            proposed=pl.when(won | reached).then(True).when(~blind).then(False),  # noqa: FBT003
            proposed_on=pl.coalesce("_proposed_on", pl.when(won).then("closed_day")),
            stage_days=(pl.col("owners_today") - pl.col("stage_since")).dt.total_days(),
        ).drop("proposal", "_proposed_on", "_staged", "_blind", "stage_since")
    )  # fmt: skip


def of_moves(source: Source) -> pl.DataFrame:
    """By key: `_took` from creation to the last move, `_last_on` its local day, and what it reached of Proposal.

    `_proposed_on`: the first day in that stage, in a later one, or in Won. `_staged`: whether it ever was in a stage.
    """
    proposal = pl.lit(None, pl.Int64)
    for process, place in places(source.processes).drop_nulls("proposal").select("process", "proposal").unique().rows():
        proposal = pl.when(pl.col("process") == process).then(pl.lit(place, pl.Int64)).otherwise(proposal)
    there = (pl.col("to_order") >= proposal) | (pl.col("kind") == "won")
    marked = source.moves.lazy().select(
        pl.col("key").set_sorted(), "at", "on", there=pl.when(there).then("on"), staged=pl.col("to_stage").is_not_null()
    )
    return marked.group_by("key").agg(
        _took=pl.col("at").last() - pl.col("at").first(), _last_on=pl.col("on").last(),
        _proposed_on=pl.col("there").min(), _staged=pl.col("staged").any(),
    ).collect()  # fmt: skip


def blind(source: Source) -> pl.Expr:
    """Whether nobody knows the stages of a deal."""
    return is_unknown(source.wide, "stage", "stage_since")


FIGURES: Final = ("conversion", "median")


def with_figures(deals: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    """`deals` with FIGURES of their stage over the window, as all deals of the connection make them, where wanted.

    conversion: that of `stage_conversion_ever`. median: that of `days_in_stage_median`.
    """
    if not set(FIGURES) & set(ask.wanted):
        return deals
    visits = ask.frames["visits"].lazy().filter(~pl.col("scopeless") & pl.col("days").is_not_null())
    first = pl.col("first") & ask.window.holds(pl.col("on"), pl.col("as_of"))
    left = pl.col("left") & ask.window.holds(pl.col("left_on"), pl.col("as_of"))
    figures = visits.group_by("process", "stage").agg(
        conversion=pl.col("ever").filter(first).mean(), median=pl.col("days").filter(left).median()
    )  # fmt: skip
    return deals.lazy().join(figures, on=["process", "stage"], how="left", maintain_order="left").collect()
