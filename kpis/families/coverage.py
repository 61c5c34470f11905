"""Coverage: the open pipeline against a target."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.answers import Answer, left_out, noted, ratio
from kpis.dictionary import Kpi
from kpis.families.closing import CLOSED, CLOSING, DAYLESS, VALUE, WON
from kpis.families.pipeline import HOME, OPEN, STATELESS
from kpis.intervals import share_interval, share_parts
from model.helpers.words import many

if TYPE_CHECKING:
    from kpis.answers import Parts

DUE = OPEN & pl.col("due")
HAS, HAS_NOT = pl.col("targeted").fill_null(value=False), ~pl.col("targeted").fill_null(value=True)
UNSURE = pl.col("targeted").is_null()
WON_SO_FAR = pl.col("won_in_period")
PRICED = VALUE.is_not_null()
COVERS: Final = {
    "sum": pl.when(DUE & HAS).then(VALUE).sum(),
    "n": (DUE & HAS & PRICED).sum(),
    "out": (DUE & HAS & ~PRICED).sum(),
    "rest": (DUE & HAS_NOT).sum(),
    "unsure": (DUE & UNSURE).sum(),
    "undated": (OPEN & ~HAS_NOT & pl.col("undated")).sum(),
}
ATTAINS: Final = {
    "won": pl.when(WON_SO_FAR & HAS).then(VALUE).sum(),
    "won_n": (WON_SO_FAR & HAS & PRICED).sum(),
    "won_out": (WON_SO_FAR & HAS & ~PRICED).sum(),
    "won_rest": (WON_SO_FAR & HAS_NOT).sum(),
    "won_unsure": (WON_SO_FAR & UNSURE).sum(),
}
WON_LEAVES_OUT: Final = {**STATELESS, "without a day of closing": pl.col("won_undated")}
UNTARGETED: Final = "of owners and teams without a target"
NO_TARGET: Final = "the target is 0"


def _open_notes(of: Parts) -> str:
    return noted(
        left_out(of["out"], "open deal", "without an amount at home"),
        left_out(of["undated"], "open deal", "without a close date"),
        left_out(of["rest"], "open deal", UNTARGETED),
        left_out(of["unsure"], "open deal", "of unknown owner or team"),
    )


def won_notes(of: Parts) -> str:
    """What the value won so far leaves out."""
    return noted(
        left_out(of["won_out"], "won deal", "without an amount at home"),
        left_out(of["won_rest"], "won deal", UNTARGETED),
        left_out(of["won_unsure"], "won deal", "of unknown owner or team"),
    )


def _lacks_all(of: Parts) -> bool:
    """Whether every deal that could cover the target is left out for want of a fact."""
    return not of["n"] and bool(of["out"] or of["undated"] or of["unsure"])


def pipeline_coverage(of: Parts) -> Answer:
    """Open pipeline due in the period ÷ its target, both of those who have one; without a target there is no value."""
    why, target = _open_notes(of), of["target"]
    total = None if _lacks_all(of) else of["sum"]
    if of["no_target"] or target is None:
        return Answer(None, total, None, of["n"], of["no_target"] or "no target")
    why = noted(why, of["goal_note"])
    return Answer(None, None, target, 0, why) if total is None else ratio(total, target, of["n"], NO_TARGET, why)


def pipeline_coverage_remaining(of: Parts) -> Answer:
    """Open pipeline due in the period ÷ what is still missing to its target; without a value where it is reached."""
    target = of["target"]
    if of["no_target"] or target is None:
        return Answer(None, None, None, of["n"], of["no_target"] or "no target")
    why = noted(_open_notes(of), won_notes(of), of["goal_note"])
    if _lacks_all(of) or (of["won_out"] and not of["won_n"]):
        return Answer(None, None, None, 0, why)
    missing = target - of["won"]
    if missing <= 0:
        return Answer(None, of["sum"], missing, of["n"], noted("the target is reached", why))
    return ratio(of["sum"], missing, of["n"], "", why)


def pipeline_coverage_break_even(of: Parts) -> Answer:
    """1 ÷ win rate by value: the coverage at which today's win rate just reaches the target."""
    zero = of["lost_at_nothing"]
    why = noted(
        left_out(of["out"], "closed deal", "without an amount at home"),
        f"{zero} of {many(of['lost'], 'lost deal')} at the amount 0" if zero else "",
    )
    if of["out"] and not of["priced"]:
        return Answer(None, None, None, 0, why)
    low, high = share_interval(of) or (None, None)
    interval = (1 / Fraction(high), 1 / Fraction(low)) if low and high else None
    return ratio(of["all"], of["won_value"], of["priced"], "no money won in the window", why, interval=interval)


LIKE: Final = (
    "target of the quarter that as_of lies in, else of the month, else of the year; with a year as window the year's; "
    "with a period as window that period's. All deals: the target without a name, else those of teams and of owners "
    "whose team has none. By team: the team's, else those of its owners. By owner: the owner's"
)
ONLY: Final = "; only deals of owners and teams with a target, where no target is everybody's"
against: Any = partial(
    Kpi, unit="ratio", clock="target period", only_by=("owner", "team"), window="the target's period",
    currency=HOME + "; targets in another currency are refused", cadence="start of each month and quarter",
)  # fmt: skip
KPIS: Final = (
    against(
        id="pipeline_coverage",
        title="Pipeline coverage",
        purpose="Whether enough pipeline closes in the period to reach its target",
        formula="Σ amount of open deals with a close date in the target's period ÷ target of the period",
        numerator="amounts of open deals whose close date lies in the period, overdue ones of the period included"
        + ONLY,
        denominator=LIKE,
        leads="leading",
        category="leading",
        source="S80, S81, X6; N18: below 3 does not mean that the target is missed even if every deal is won",
        needs=("is_open", "amount_home", "close_date"),
        counted=OPEN,
        leaves_out=STATELESS,
        parts=COVERS,
        also=("coverage", "quota coverage"),
        answer=pipeline_coverage,
    ),
    against(
        id="pipeline_coverage_remaining",
        title="Pipeline coverage of what is missing",
        purpose="Whether enough pipeline is left for what is still missing to the target",
        formula="Σ amount of open deals due in the target's period ÷ (target − Σ amount won in the period so far)",
        numerator="as of pipeline_coverage",
        denominator=LIKE + ". Less the amounts of deals won in the period up to as_of" + ONLY,
        leads="leading",
        category="leading",
        source="S80, S81: the same late in the period, when a part of the target is won",
        needs=("is_open", "is_won", "amount_home", "close_date"),
        counted=OPEN | WON_SO_FAR,
        leaves_out=WON_LEAVES_OUT,
        parts={**COVERS, **ATTAINS},
        also=("coverage", "remaining coverage"),
        answer=pipeline_coverage_remaining,
    ),
    Kpi(
        id="pipeline_coverage_break_even",
        title="Break-even coverage",
        purpose="How much coverage the win rate by value asks for; compare pipeline_coverage with it, not with 3",
        formula="Σ amount won or lost ÷ Σ amount won, which is 1 ÷ win_rate_closed_by_value",
        numerator="amounts of deals won or lost in the window",
        denominator="amounts of deals won in the window",
        window=CLOSING,
        unit="ratio",
        currency=HOME,
        leads="lagging",
        category="efficiency",
        source="X6, X7: 3 and 2.5 are examples; the coverage that is enough differs by segment",
        clock="closed",
        needs=("is_won", "is_lost", "amount_home"),
        counted=CLOSED,
        leaves_out=DAYLESS,
        parts={
            "won_value": pl.when(WON).then(VALUE).sum(),
            "all": pl.when(CLOSED).then(VALUE).sum(),
            "priced": (CLOSED & PRICED).sum(),
            "out": (CLOSED & ~PRICED).sum(),
            "lost": pl.col("lost").sum(),
            "lost_at_nothing": (pl.col("lost") & (VALUE == 0)).sum(),
            **share_parts(pl.when(WON).then(VALUE), pl.when(CLOSED).then(VALUE)),
        },
        interval="1 ÷ that of the win rate by value",
        also=("coverage", "break-even"),
        answer=pipeline_coverage_break_even,
    ),
)
