"""Attainment: what was won against a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.answers import Answer, left_out, noted, ratio
from kpis.families.coverage import ATTAINS, LIKE, NO_TARGET, ONLY, WON_LEAVES_OUT, WON_SO_FAR, against, won_notes
from kpis.intervals import WILSON, wilson

if TYPE_CHECKING:
    from kpis.answers import Parts

NO_REP: Final = "no owner has a target of the period"


def quota_attainment(of: Parts) -> Answer:
    """Value won in the period so far ÷ its target, both of those who have one."""
    target, why = of["target"], won_notes(of)
    if of["no_target"] or target is None:
        return Answer(None, of["won"], None, of["won_n"], of["no_target"] or "no target")
    why = noted(why, of["goal_note"])
    if not of["won_n"] and (of["won_out"] or of["won_unsure"]):
        return Answer(None, None, target, 0, why)
    return ratio(of["won"], target, of["won_n"], NO_TARGET, why)


def quota_attainment_share(of: Parts) -> Answer:
    """Reps with a target who have won at least as much in its period so far ÷ reps with a target."""
    if of["no_target"]:
        return Answer(None, None, None, 0, of["no_target"])
    reached, known = of["reached"] or 0, of["known"] or 0
    doubtful = left_out(of["doubtful"] or 0, "rep", "who may have reached it with deals of unknown amount or state")
    why = noted(doubtful, of["goal_note"] if known else "")
    return ratio(reached, known, known, NO_REP, why, interval=wilson(reached, known))


KPIS: Final = (
    against(
        id="quota_attainment",
        title="Quota attainment",
        purpose="How much of the target is won so far",
        formula="Σ amount won in the target's period up to as_of ÷ target of the period",
        numerator="amounts of deals won in the period up to as_of, by the day of closing" + ONLY,
        denominator=LIKE,
        leads="lagging",
        category="outcome",
        source="S89, X23: the share of the quota, not the share of reps. A period still runs until its last day",
        needs=("is_won", "amount_home"),
        counted=WON_SO_FAR,
        leaves_out=WON_LEAVES_OUT,
        parts=ATTAINS,
        also=("quota", "attainment", "quota attainment"),
        answer=quota_attainment,
    ),
    against(
        id="quota_attainment_share",
        title="Share of reps who reach their quota",
        purpose="How many of the reps with a target have reached it so far",
        formula="reps who won at least their target in its period up to as_of ÷ reps with a target",
        numerator="owners with a target, of whom Σ amount of deals won in the period up to as_of ≥ target",
        denominator="owners with a target of the period, those without a deal included; the team is the target's. An "
        "owner who has not reached it is left out where a deal won in the period has no amount at home, or a deal is "
        "of unknown state or scope",
        unit="share",
        only_by=("team",),
        leads="lagging",
        category="outcome",
        source="S89, X23: the share of reps, not the share of the quota. It is final when the period has ended",
        needs=("is_won", "amount_home", "owner"),
        population="reps",
        counted=WON_SO_FAR,
        leaves_out={**WON_LEAVES_OUT, "of unknown owner": WON_SO_FAR & pl.col("unknown_owner")},
        parts={
            "reached": pl.col("reached").sum(),
            "known": pl.col("reached").is_not_null().sum(),
            "doubtful": pl.col("reached").is_null().sum(),
        },
        interval=WILSON,
        also=("quota", "attainment", "quota attainment"),
        answer=quota_attainment_share,
    ),
)
