"""The state of each bound criterion: met, met late, taken back or still unmet. Once met, it stays met."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from model.previous_verdict import BREACHES
from model.snapshot import INSTANT, columns

if TYPE_CHECKING:
    from datetime import datetime

KEY: Final = ("key", "criterion", "moved_at")
ANSWERS: Final = columns({
    "key": pl.Int64, "criterion": pl.String, "moved_at": INSTANT,
    "met_at": INSTANT,  # when it was first known to be true; null: at no instant
    "met_on": pl.Date,  # the local day of that instant
    "logged_late": pl.Boolean,  # true only by a record that was entered after the move
    "judged": pl.Boolean,  # true or false at one instant at least
})  # fmt: skip
"""Answers for BINDINGS at some instants."""


def updated(before: pl.DataFrame, bindings: pl.DataFrame, answers: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """BREACHES brought up to date with what instants answer; rows that no move binds any more stay as they are.

    A criterion that a deal met after an earlier move counts as met at every later one.
    """
    if bindings.is_empty():
        return before.sort(*KEY)
    others = before.join(bindings, on=KEY, how="anti")
    rows = bindings.sort(*KEY).join(before.drop("side", "moved_on"), on=KEY, how="left", maintain_order="left")
    rows = rows.join(answers.drop("met_at").rename(_SAID), on=KEY, how="left", maintain_order="left")
    rows = rows.join(_first_met(others), on=("key", "criterion"), how="left", maintain_order="left")
    settled = pl.col("met_on").is_not_null() | pl.col("ended").is_not_null()
    rows = rows.with_columns(settled=settled, found=pl.when(settled).then("met_on").otherwise("said_met_on"))
    rows = rows.with_columns(earlier=_met_earlier())
    rows = (
        rows.with_columns(
            met_on=pl.when("settled").then("met_on").otherwise(pl.min_horizontal("found", "earlier")),
            said_logged_late=pl.col("said_logged_late") & (pl.col("earlier") > pl.col("found")).fill_null(value=True),
        )
        .with_columns(
            ended=pl.when("settled").then("ended").otherwise(_ended()),
            logged_late=pl.when("settled").then("logged_late").otherwise("said_logged_late").fill_null(value=False),
            known=pl.col("first_judged").is_not_null() | pl.col("said_judged") | pl.col("met_on").is_not_null(),
            first_judged=pl.col("first_judged").fill_null(pl.lit(as_of, BREACHES["first_judged"])),
        )
        .filter(pl.col("known").fill_null(value=False))
    )
    return pl.concat([others, rows.select(BREACHES.names())]).sort(*KEY)


def _met_earlier() -> pl.Expr:
    """The day of the move, where the deal met the criterion after an earlier one."""
    earlier = pl.min_horizontal("once_met_on", pl.col("found").cum_min().shift(1).over("key", "criterion"))
    earlier = pl.min_horizontal(earlier, earlier.forward_fill().over("key", "criterion"))
    return pl.when(earlier.is_not_null()).then(pl.max_horizontal(earlier, "moved_on"))


_SAID: Final = {name: f"said_{name}" for name in ("met_on", "logged_late", "judged")}


def _ended() -> pl.Expr:
    late = pl.col("met_on") > pl.col("moved_on")
    return (
        pl.when(late.fill_null(value=False)).then(pl.lit("met_late"))
        .when(pl.col("met_on").is_null() & pl.col("back_at").is_not_null()).then(pl.lit("taken_back"))
    )  # fmt: skip


def _first_met(others: pl.DataFrame) -> pl.DataFrame:
    """key, criterion, once_met_on: the first day on which each criterion was met by moves that bind no more."""
    return others.group_by("key", "criterion").agg(once_met_on=pl.col("met_on").min())


def unsettled(before: pl.DataFrame, bindings: pl.DataFrame) -> pl.DataFrame:
    """BINDINGS with an outcome that is not known yet."""
    if bindings.is_empty():
        return bindings
    settled = before.filter(pl.col("met_on").is_not_null() | pl.col("ended").is_not_null())
    return bindings.join(settled, on=KEY, how="anti")


def answers_now(missed: pl.DataFrame) -> pl.DataFrame:
    """ANSWERS of the instant of a judgement, from `gates.missed`."""
    met_on = pl.when(~pl.col("broken")).then("as_of_date")
    return missed.select(
        *KEY, met_at=pl.lit(None, INSTANT), met_on=met_on, logged_late=pl.lit(value=False),
        judged=pl.col("broken").is_not_null(),
    )  # fmt: skip
