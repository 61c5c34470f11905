"""Which rules judge a deal: those that are open to it, and those that are only observed there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from model.subjects import SUBJECTS
from policies.judging.gates import in_stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.judging.rules import Rule

FEW: Final = 3
"""A score over fewer policies than this says over how many."""


def reach_columns(rules: Sequence[Rule], columns: frozenset[str]) -> list[pl.Expr]:
    """Columns judged_by and observed_by: rules that judge the deal, by whether they may write; and reached.

    The record of a deal may be written if it is reached: not every rule is closed to it, and an open rule judges it, or
    none does at all. A deal that only observed rules judge is not reached.
    """
    rules = [rule for rule in rules if SUBJECTS[rule.subject].on_record]
    applying = [(_applies(rule), _observed(rule, columns)) for rule in rules]
    judged = [applies & ~observed for applies, observed in applying]
    watched = [applies & observed for applies, observed in applying]
    closed = [observed for rule, (_, observed) in zip(rules, applying, strict=True) if rule.scored]
    some_open = ~pl.all_horizontal(closed) if closed else pl.lit(value=False)
    return [
        _count(judged).alias("judged_by"),
        _count(watched).alias("observed_by"),
        (some_open & (_any(judged) | ~_any(watched))).alias("reached"),
    ]


def basis() -> pl.Expr:
    """What a score rests on, where it rests on few rules or others are only observed; else null."""
    judged, watched = pl.col("judged_by"), pl.col("observed_by")
    over = pl.format("over {} {}", judged, pl.when(judged == 1).then(pl.lit("policy")).otherwise(pl.lit("policies")))
    more = pl.format("; {} more only observed here", watched)
    said = pl.concat_str(over, pl.when(watched > 0).then(more).otherwise(pl.lit("")))
    return pl.when(pl.col("score").is_not_null() & ((judged < FEW) | (watched > 0))).then(said)


def _applies(rule: Rule) -> pl.Expr:
    """Whether the rule judges the deal; true where nobody knows. An exit criterion judges every deal in its stage."""
    applies = pl.col(rule.applies).fill_null(value=True)
    return applies | in_stage(rule.place) if rule.place and rule.place.side == "exit" else applies


def _observed(rule: Rule, columns: frozenset[str]) -> pl.Expr:
    """Whether the rule is only observed on the deal."""
    if not rule.scored:
        return pl.lit(value=True)
    if rule.exemption not in columns:
        return pl.lit(value=False)
    return pl.col(rule.exemption).eq_missing(pl.lit("observed"))


def _any(parts: Sequence[pl.Expr]) -> pl.Expr:
    return pl.any_horizontal(parts or [pl.lit(value=False)])


def _count(parts: Sequence[pl.Expr]) -> pl.Expr:
    return pl.sum_horizontal([pl.lit(0, pl.Int32), *(part.cast(pl.Int32) for part in parts)])
