"""Outcomes of the deals that a rule flagged, compared with those that it judged and never flagged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.intervals import CONFIDENCE, share_of
from model.calendars.replay_days import BROKEN, UNKNOWN

if TYPE_CHECKING:
    from datetime import date

ENOUGH: Final = 0.5
"""A rule needs this share of judged deal-days before its lift means anything."""


@dataclass
class RuleOutcomes:
    """Counts of one rule; they add up over parts of a connection.

    Days are deal-days on which the rule applied. `starts`: times that a flag would have appeared. Deals: `flagged`,
    and of these later `lost`, `won`, `slipped` (close date moved to later); `spared` ones it judged and never flagged.
    """

    judged_days: int = 0
    unknown_days: int = 0
    flagged_days: int = 0
    starts: int = 0
    flagged: int = 0
    lost: int = 0
    won: int = 0
    slipped: int = 0
    spared: int = 0
    spared_lost: int = 0
    spared_won: int = 0
    warnings: Counter[int] = field(default_factory=Counter)  # lost deals by days from first flag to loss

    def add(self, other: RuleOutcomes) -> None:
        """Take in the counts of another part."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


def rule_outcomes(intervals: pl.DataFrame, deal_outcomes: pl.DataFrame, days: list[date]) -> RuleOutcomes:
    """Counts from a rule's INTERVALS.

    `deal_outcomes`: deal, is_won (null: open), lost_on, pushed (day); `days`: the dates.
    """
    length = pl.col("until") - pl.col("day")
    sums = intervals.select(
        judged_days=length.filter(pl.col("state") != UNKNOWN).sum(),
        unknown_days=length.filter(pl.col("state") == UNKNOWN).sum(),
        flagged_days=length.filter(pl.col("state") == BROKEN).sum(),
    ).row(0, named=True)
    deals = intervals.filter(pl.col("state") != UNKNOWN).group_by("deal").agg(
        first=pl.col("day").filter(pl.col("state") == BROKEN).min(),
    ).join(deal_outcomes, on="deal", how="left")  # fmt: skip
    flag, lost, won = pl.col("first").is_not_null(), ~pl.col("is_won"), pl.col("is_won")
    counts = deals.select(
        flagged=flag.sum(), lost=(flag & lost).sum(), won=(flag & won).sum(),
        slipped=(flag & (pl.col("pushed") > pl.col("first"))).sum(),
        spared=(~flag).sum(), spared_lost=(~flag & lost).sum(), spared_won=(~flag & won).sum(),
    ).row(0, named=True)  # fmt: skip
    return RuleOutcomes(**sums, **counts, starts=_starts(intervals), warnings=_warnings(deals, days))


def _starts(intervals: pl.DataFrame) -> int:
    """How often a flag appeared; days on which nobody could judge neither set nor clear it."""
    follows = (pl.col("deal") == pl.col("deal").shift(1)) & (pl.col("day") == pl.col("until").shift(1))
    judged = intervals.with_columns(block=(~follows).fill_null(value=True).cum_sum()).filter(pl.col("state") != UNKNOWN)
    broken = pl.col("state") == BROKEN
    stays = (pl.col("block") == pl.col("block").shift(1)) & broken.shift(1)
    return int(judged.select((broken & ~stays.fill_null(value=False)).sum()).item())


def _warnings(deals: pl.DataFrame, days: list[date]) -> Counter[int]:
    lost = deals.filter(~pl.col("is_won") & pl.col("first").is_not_null() & pl.col("lost_on").is_not_null())
    flagged_on = pl.Series(days, dtype=pl.Date).gather(lost["first"])
    return Counter((lost["lost_on"] - flagged_on).dt.total_days().to_list())


def outcome_row(counts: RuleOutcomes, rep_weeks: float) -> dict[str, Any]:
    """The figures of one rule; unknown figures are null.

    `precision`: share of flagged deals closed by now that were lost, with Wilson's interval.
    `lift`: that share over the share of deals never flagged, with Katz's log interval (scipy's relative_risk).
    Both intervals are at 95 %. Both are null unless the rule judged at least half of its deal-days.
    """
    all_days = counts.judged_days + counts.unknown_days
    share = counts.judged_days / all_days if all_days else None
    enough = share is not None and share >= ENOUGH
    return {
        "judged_share": share, "enough_history": enough, "deal_days": all_days, "flags": counts.starts,
        "flagged_deal_days": counts.flagged_days, "deals_flagged": counts.flagged, "lost": counts.lost,
        "won": counts.won, "slipped": counts.slipped, "open": counts.flagged - counts.lost - counts.won,
        "deals_unflagged": counts.spared, "unflagged_lost": counts.spared_lost, "unflagged_won": counts.spared_won,
        "precision": share_of(counts.lost, counts.lost + counts.won) if enough else None,
        "lift": lift(counts) if enough else None,
        "median_warning_days": median(counts.warnings),
        "flags_per_rep_week": counts.starts / rep_weeks if rep_weeks else None,
    }  # fmt: skip


def lift(counts: RuleOutcomes) -> dict[str, float] | None:
    """Risk of loss of flagged over unflagged closed deals, with Katz's 95 % log interval (scipy's relative_risk).

    None if either group has no closed or no lost deal, because the interval is then unbounded.
    """
    from scipy.stats.contingency import relative_risk

    if not counts.lost or not counts.spared_lost:
        return None
    flagged, others = counts.lost + counts.won, counts.spared_lost + counts.spared_won
    found = relative_risk(counts.lost, flagged, counts.spared_lost, others)
    interval = found.confidence_interval(CONFIDENCE)
    return {"value": float(found.relative_risk), "low": float(interval.low), "high": float(interval.high)}


def median(counted: Counter[int]) -> float | None:
    """The median of values given with their counts; for an even number, the mean of the middle two."""
    values = sorted(counted.elements())
    if not values:
        return None
    return (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
