"""Copied next steps: the same text on several open deals of an owner, and texts kept from an earlier stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from model.snapshot import columns
from model.stages import normalised

if TYPE_CHECKING:
    from collections.abc import Iterable

STEPS: Final = columns({"key": pl.Int64, "owner_id": pl.String, "next_step": pl.String})
"""Open deals with an owner and a next step."""
SHARED: Final = pl.Schema({"deal": pl.Int64(), "day": pl.Int64(), "until": pl.Int64()})
"""From `day` up to `until` the deal's next step also stood on another open deal of its owner."""


def comparable(text: pl.Expr, filler: Iterable[str] = ()) -> pl.Expr:
    """A text as it is compared: without case, ends and doubled spaces; null where it is empty or filler."""
    plain = text.str.strip_chars().str.to_lowercase().str.replace_all(r"\s+", " ")
    return pl.when(~plain.is_in(["", *map(normalised, filler)])).then(plain)


def steps(deals: pl.DataFrame) -> pl.DataFrame:
    """STEPS of those DEALS that are open and have a readable owner and next step."""
    read = ~(pl.col("unread").str.contains(";next_step;", literal=True)
             | pl.col("unread").str.contains(";owner_id;", literal=True))  # fmt: skip
    is_open = (~pl.col("is_closed")).fill_null(value=False)
    return deals.filter(is_open & read.fill_null(value=True)).select(STEPS.names()).drop_nulls()


def copied(written: pl.DataFrame, filler: Iterable[str] = ()) -> pl.Series:
    """Keys, in order, of STEPS that also stand on another open deal of the owner."""
    words = written.select("key", "owner_id", compared=comparable(pl.col("next_step"), filler)).drop_nulls()
    return words.filter(pl.len().over("owner_id", "compared") > 1)["key"].sort()


def shared(written: pl.DataFrame, filler: Iterable[str] = ()) -> pl.DataFrame:
    """SHARED out of owner_id, next_step, deal, day and until of open deals: `copied` for many days at once."""
    words = written.with_columns(compared=comparable(pl.col("next_step"), filler)).drop_nulls(["owner_id", "compared"])
    by = ["owner_id", "compared"]
    turns = pl.concat([words.select(*by, "day", n=1), words.select(*by, n=-1, day="until").select(*by, "day", "n")])
    counts = turns.group_by(*by, "day").agg(pl.col("n").sum()).sort(*by, "day").with_columns(
        pl.col("n").cum_sum().over(by), end=pl.col("day").shift(-1).over(by)
    )  # fmt: skip
    spans = counts.filter(pl.col("n") > 1).select(*by, "end", start="day")
    met = words.join(spans, on=by).filter((pl.col("start") < pl.col("until")) & (pl.col("end") > pl.col("day")))
    found = met.select("deal", day=pl.max_horizontal("day", "start"), until=pl.min_horizontal("until", "end")).sort(
        "deal", "day"
    )
    return found.cast(SHARED)
