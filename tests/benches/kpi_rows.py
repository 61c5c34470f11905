"""A made-up wide frame for the bench of KPIs: deals of 400 owners with five moves each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from model.process import Process, Stage
from model.snapshot import INSTANT, MONEY
from model.wide import Wide

TODAY = date(2026, 11, 20)
AS_OF = datetime(2026, 11, 20, 18, tzinfo=UTC)
STAGES = ("discovery", "qualified", "evaluation", "proposal", "negotiation", "won")
PROCESS = Process("sales", tuple(Stage(name, {}) for name in STAGES))
MOVES = 5
LOST = len(STAGES)


def pipeline(deals: int) -> Wide:
    """Random deals of 400 owners, 20 teams and three segments; each is created and then moves four times."""
    rng = np.random.default_rng(11)
    moves = _moves(deals, rng)
    last = moves.group_by("key", maintain_order=True).agg(
        pl.col("to_stage", "kind", "on").last(), created=pl.col("on").first()
    )
    won, lost = (pl.col("kind") == "won", pl.col("kind") == "lost")
    frame = last.select(
        "key", "created", as_of_date=pl.lit(TODAY), process=pl.lit("sales"), stage="to_stage", stage_since="on",
        is_won=won, is_lost=lost, is_open=~(won | lost), closed_on=pl.when(won | lost).then("on"),
    ).with_columns(
        owner=_of([f"Rep {n}" for n in range(400)], deals, rng), segment=_of(["SMB", "MM", "ENT"], deals, rng),
        team=_of([f"Team {n}" for n in range(20)], deals, rng), pipeline=pl.lit("Sales"), region=pl.lit("West"),
        source=pl.lit("Web"), product=pl.lit("A"),
        amount_home=pl.Series(rng.integers(1, 100_000, deals)).cast(MONEY),
        probability=pl.Series(rng.integers(0, 101, deals) / 100),
        close_date=pl.lit(TODAY) + pl.duration(days=pl.Series(rng.integers(-200, 200, deals))),
        **{f"{name}__known": pl.Series(rng.random(deals) > 0.02) for name in ("amount_home", "owner", "close_date")},
    )  # fmt: skip
    return Wide(frame, AS_OF, moves)


def _of(choices: list[str], rows: int, rng: np.random.Generator) -> pl.Series:
    return pl.Series(choices).gather(pl.Series(rng.integers(0, len(choices), rows)))


def _moves(deals: int, rng: np.random.Generator) -> pl.DataFrame:
    """Five moves a deal: creation in the first stage, then to random stages; the last may close it."""
    start = int((AS_OF - timedelta(days=700)).timestamp())
    at = np.sort(rng.integers(start, int(AS_OF.timestamp()), (deals, MOVES)), axis=1).ravel()
    places = rng.integers(0, len(STAGES) - 1, (deals, MOVES))
    places[:, 0] = 0
    places[:, -1] = np.where(rng.random(deals) < 0.6, rng.integers(LOST - 1, LOST + 1, deals), places[:, -1])
    frame = pl.DataFrame({"key": np.repeat(np.arange(deals), MOVES), "at": at * 1_000_000, "place": places.ravel()})
    first, place = pl.col("key") != pl.col("key").shift(1, fill_value=-1), pl.col("place")
    before = pl.when(~first).then(place.shift(1))
    names = pl.Series([*STAGES, None])
    kind = (
        pl.when(first).then(pl.lit("created")).when(place == LOST).then(pl.lit("lost"))
        .when(place == LOST - 1).then(pl.lit("won")).when(place > before).then(pl.lit("forward"))
        .when(place < before).then(pl.lit("backward")).otherwise(pl.lit("unknown"))
    )  # fmt: skip
    return frame.with_columns(kind=kind, before=before, at=pl.col("at").cast(INSTANT)).filter(
        first | (place != pl.col("before"))
    ).select(
        "key", "at", "kind", on=pl.col("at").dt.date(), process=pl.lit("sales"),
        from_stage=pl.lit(names).gather("before"), to_stage=pl.lit(names).gather("place"),
        from_order=pl.col("before") + 1, to_order=pl.when(place != LOST).then(place + 1).cast(pl.Int64),
        actor=pl.lit("user"), ours=pl.lit(value=False),
    )  # fmt: skip
