"""Next steps that were copied: one owner's open deals that all say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from model.snapshot import columns
from model.stages import spoken

if TYPE_CHECKING:
    from collections.abc import Iterable

STEPS: Final = columns({"key": pl.Int64, "owner_id": pl.String, "next_step": pl.String})
"""Open deals with an owner and what is written as their next step."""


def said(text: pl.Expr, filler: Iterable[str] = ()) -> pl.Expr:
    """A text as it is compared: without case, ends and doubled spaces; null where it is empty or filler."""
    plain = text.str.strip_chars().str.to_lowercase().str.replace_all(r"\s+", " ")
    return pl.when(~plain.is_in(["", *map(spoken, filler)])).then(plain)


def copied(steps: pl.DataFrame, filler: Iterable[str] = ()) -> pl.Series:
    """Keys, in order, of deals whose next step stands on another open deal of their owner, too."""
    words = steps.select("key", "owner_id", said=said(pl.col("next_step"), filler)).drop_nulls()
    return words.filter(pl.len().over("owner_id", "said") > 1)["key"].sort()
