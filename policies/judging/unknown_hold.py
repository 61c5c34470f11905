"""Held unknowns: the record stays as it is for some days, then the flag is withdrawn with that reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from model.snapshot import INSTANT
from policies.judging.exemptions import GIVEN_BY_PEOPLE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from model.previous_verdict import PreviousVerdict
    from policies.judging.rules import Rule
    from policies.judging.verdict import Verdict


def unknown_cells(  # noqa: PLR0917 - the parts of a verdict
    frame: pl.DataFrame, rules: Sequence[Rule], previous: PreviousVerdict, as_of: datetime, hold: timedelta,
    held_unknowns: frozenset[str] = frozenset(),
) -> pl.DataFrame:  # fmt: skip
    """One row for each deal and rule that cannot be judged.

    Columns: key, policy, scored, exemption; since, first_seen and flag of the previous verdict; unknown_since (null:
    nothing was known before, so there is nothing to hold), held (what was known still holds), held_flag (and it was a
    flag), on_record (and that flag is on the record: a hidden flag stays hidden while its data is unknown).
    """
    parts = [_unknown(frame, rule) for rule in rules if _has_unknowns(frame, rule)]
    cells = pl.concat(parts or [_NONE]).unique(["key", "policy"], maintain_order=True)
    if cells.is_empty():
        return cells.with_columns(_EMPTY)
    was = previous.findings.select(*_WAS, was_unknown="unknown_since")
    judged = previous.deals.filter(pl.col("gate").is_not_null()).select("key", judged=pl.lit(value=True))
    cells = cells.join(was, on=["key", "policy"], how="left", maintain_order="left")
    cells = cells.join(judged, on="key", how="left", maintain_order="left")
    known_before = (pl.col("status") == "broken") | (pl.col("status").is_null() & pl.col("judged"))
    since = pl.when(pl.col("status") == "unknown").then("was_unknown").when(known_before).then(pl.lit(as_of, INSTANT))
    endless = pl.col("policy").is_in(list(held_unknowns))
    return cells.with_columns(unknown_since=since).with_columns(
        held=((pl.col("unknown_since") > as_of - hold) | endless).fill_null(value=False)
        & pl.col("unknown_since").is_not_null(),
    ).with_columns(
        held_flag=pl.col("held") & pl.col("since").is_not_null(),
    ).with_columns(
        on_record=pl.col("held_flag") & pl.col("shown").fill_null(value=False),
    ).select(_COLUMNS)  # fmt: skip


def held_deals(verdict: Verdict) -> pl.DataFrame:
    """DEAL_VERDICTS rows of open deals that keep their score, gate, missing and checked because an unknown is held.

    A rule that a person exempts the deal from holds nothing: its flag is off the record and costs nothing.
    """
    if not verdict.unknown_cells["held"].any():
        return verdict.previous.deals.clear()
    by_people = pl.col("exemption").is_in(GIVEN_BY_PEOPLE).fill_null(value=False)
    keys = verdict.unknown_cells.filter(pl.col("held") & pl.col("scored") & ~by_people)["key"].unique()
    rows = verdict.previous.deals.filter(pl.col("key").is_in(keys.implode()) & pl.col("gate").is_not_null())
    return rows.join(verdict.frame.filter("is_open"), on="key", how="semi")


def _has_unknowns(frame: pl.DataFrame, rule: Rule) -> bool:
    names = (rule.broken, rule.waiting) if rule.waiting in frame.columns else (rule.broken,)
    return any(frame[name].null_count() for name in names)


def _unknown(frame: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    """Deals for which the rule cannot be judged; `exemption`: why it would be no flag there."""
    unknown = pl.col(rule.broken).is_null()
    if rule.waiting in frame.columns:
        unknown = unknown | pl.col(rule.waiting).is_null()
    exemption = pl.col(rule.exemption) if rule.exemption in frame.columns else pl.lit(None, pl.String)
    scored = pl.lit(rule.scored) & exemption.ne_missing("observed")
    return frame.filter(unknown).select("key", policy=pl.lit(rule.id), scored=scored, exemption=exemption)


_NONE = pl.DataFrame(schema={"key": pl.Int64, "policy": pl.String, "scored": pl.Boolean, "exemption": pl.String})
_EMPTY = [
    *(pl.lit(None, pl.Date).alias(name) for name in ("since", "first_seen")),
    pl.lit(None, pl.String).alias("flag"),
    pl.lit(None, INSTANT).alias("unknown_since"),
    *(pl.lit(None, pl.Boolean).alias(name) for name in ("held", "held_flag", "on_record")),
]
_WAS = ["key", "policy", "status", "since", "first_seen", "flag", "shown"]
_COLUMNS = [
    "key", "policy", "scored", "exemption", "since", "first_seen", "flag",
    "unknown_since", "held", "held_flag", "on_record",
]  # fmt: skip
