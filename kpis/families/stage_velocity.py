"""Velocity by the weight and the probability of stages, and days in the funnel for each won deal."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.answers import Answer, left_out, noted, ratio
from kpis.dictionary import Kpi
from kpis.families.closing import CLOSED, CLOSING, DAYLESS, DAYS, IMPORTED, NONE_WON, WON
from kpis.families.pipeline import HOME, OPEN, PRICED, STATELESS
from model.money import PRODUCT

if TYPE_CHECKING:
    from kpis.answers import Parts

VALUE, WEIGHT, CONVERSION, CHANCE = (pl.col(name) for name in ("value", "weight", "conversion", "chance"))
WEIGHED = PRICED & WEIGHT.is_not_null()
CONVERTED = WEIGHED & CONVERSION.is_not_null()
MOVING = PRICED & CHANCE.is_not_null() & (pl.col("stage_days") > 0)
UNWEIGHTED: Final = "no open deal is in a stage with a weight; set `weight` of the stages in the process file"
OF_STAGES: Final = {**STATELESS, "of unknown stage": OPEN & pl.col("unknown_stage")}
STAGES: Final = pl.struct("process", "stages").filter(WEIGHED).unique().struct.field("stages")
LEFT: Final = {
    "unweighted": (OPEN & WEIGHT.is_null() & ~pl.col("unknown_stage")).sum(),
    "priceless": (OPEN & WEIGHT.is_not_null() & VALUE.is_null()).sum(),
}


def _left(of: Parts) -> str:
    return noted(
        left_out(of["unweighted"], "open deal", "in a stage without a weight"),
        left_out(of["priceless"], "open deal", "without an amount at home"),
    )


def _sum_where(counted: pl.Expr, term: pl.Expr) -> pl.Expr:
    """The sum of terms to twelve places, which is the same in whatever order the deals stand."""
    return pl.when(counted).then(term).cast(PRODUCT).sum()


def stage_weighted_velocity_1(of: Parts) -> Answer:
    """Σ weight × amount of open deals ÷ number of stages; without weights there is no value."""
    if not of["n"]:
        return Answer(None, None, None, 0, _left(of) if of["priceless"] else UNWEIGHTED)
    return ratio(of["sum"], of["stages"], of["n"], UNWEIGHTED, _left(of))


def stage_weighted_velocity_2(of: Parts) -> Answer:
    """Σ weight × amount × conversion of the stage; without weights there is no value."""
    why = noted(_left(of), left_out(of["unentered"], "open deal", "in a stage that no deal entered in the window"))
    if not of["n"]:
        return Answer(None, None, None, 0, why if of["priceless"] or of["unentered"] else UNWEIGHTED)
    total = Decimal(str(of["sum"]))
    return Answer(total, total, None, of["n"], why)


def stage_velocity_probability(of: Parts) -> Answer:
    """Σ amount × probability ÷ days in the stage, of open deals."""
    why = noted(
        left_out(of["fresh"], "open deal", "that entered its stage today"),
        left_out(of["out"], "open deal", "without amount or probability"),
    )
    if not of["n"] and (of["out"] or of["fresh"]):
        return Answer(None, None, None, 0, why)
    total = Decimal(str(of["sum"]))
    return Answer(total, total, None, of["n"], why)


def days_in_funnel_per_won_deal(of: Parts) -> Answer:
    """Days in the funnel of all closed deals ÷ won deals: the days of lost deals are borne by the won ones."""
    undated = of["closed"] - of["dated"] - of["imported"]
    why = noted(
        left_out(undated, "closed deal", "without a day of creation or close"),
        left_out(of["imported"], "closed deal", IMPORTED),
    )
    return ratio(of["days"], of["won"], of["dated"], NONE_WON, why)


weighted: Any = partial(
    Kpi, unit="money", currency=HOME, leads="leading", category="leading", counted=OPEN, leaves_out=OF_STAGES,
    cadence="weekly", also=("velocity", "pipeline velocity", "weighted velocity", "stage weighted velocity"),
)  # fmt: skip
WEIGHTS: Final = "S70: weights are the `weight` of each stage in the process file, such as 1, 2, 3, 4; none by default"
STANDS: Final = "open deals as they stand at as_of"
KPIS: Final = (
    weighted(
        id="stage_weighted_velocity_1",
        title="Stage-weighted velocity, by stages",
        purpose="What the pipeline is worth where late stages count more, for an average stage",
        formula="Σ over stages (open deals in the stage × weight × average amount) ÷ number of stages",
        numerator="weight of the stage × amount, of open deals; count times average amount is the sum of amounts",
        denominator="stages before Won, of each process that one of these deals is in",
        window=STANDS + "; periods are those of the close date",
        clock="as_of",
        source="S71, X1: no money a day, whatever its name. " + WEIGHTS,
        needs=("is_open", "stage", "stage_since", "amount_home"),
        parts={
            "sum": pl.when(WEIGHED).then(VALUE.cast(PRODUCT) * WEIGHT.cast(PRODUCT)).sum(),
            "n": WEIGHED.sum(),
            "stages": STAGES.implode().list.sum(),
            **LEFT,
        },
        answer=stage_weighted_velocity_1,
    ),
    weighted(
        id="stage_weighted_velocity_2",
        title="Stage-weighted velocity, by conversion",
        purpose="What the pipeline is worth where late stages count more, as far as deals go on from each",
        formula="Σ weight × amount × conversion rate of the stage",
        numerator="weight of the stage × amount × stage_conversion_ever of the stage of open deals; "
        "the conversion is that of all deals of the connection by process and stage",
        denominator="none",
        window=STANDS + "; conversions of the window",
        clock="entered",
        timed=False,
        source="S72, X1. " + WEIGHTS,
        needs=("is_open", "stage", "stage_since", "amount_home"),
        parts={
            "sum": _sum_where(CONVERTED, VALUE.cast(pl.Float64) * WEIGHT.cast(pl.Float64) * CONVERSION),
            "n": CONVERTED.sum(),
            "unentered": (WEIGHED & CONVERSION.is_null()).sum(),
            **LEFT,
        },
        answer=stage_weighted_velocity_2,
    ),
    weighted(
        id="stage_velocity_probability",
        title="Stage velocity by probability",
        purpose="How much expected value moves, for each day that its deals have stood in their stage",
        formula="Σ amount × probability ÷ days in stage",
        numerator="amount × the CRM's probability ÷ local days from stage_since to as_of, of open deals; a "
        "deal that entered its stage today has no days yet and is left out",
        denominator="none: a sum of quotients",
        window=STANDS + "; periods are those of the close date",
        clock="as_of",
        staged="also",
        source="S73, X1",
        needs=("is_open", "stage", "stage_since", "amount_home", "probability"),
        parts={
            "sum": _sum_where(MOVING, VALUE.cast(pl.Float64) * CHANCE.cast(pl.Float64) / pl.col("stage_days")),
            "n": MOVING.sum(),
            "fresh": (PRICED & CHANCE.is_not_null() & (pl.col("stage_days") <= 0)).sum(),
            "out": (OPEN & ~(PRICED & CHANCE.is_not_null()) & ~pl.col("unknown_stage")).sum(),
        },
        answer=stage_velocity_probability,
    ),
    Kpi(
        id="days_in_funnel_per_won_deal",
        title="Days in the funnel for each won deal",
        purpose="How many days of work on deals, won or lost, a win costs",
        formula="Σ days from created to closed of won and lost deals ÷ won deals",
        numerator="local days from created to closed_on, where history has none to close_date, of closed deals",
        denominator="deals won in the window that have both days and were not created closed",
        window=CLOSING,
        unit="days",
        leads="lagging",
        category="efficiency",
        source="S74, X1, X2: all closed deals above, won deals below; 8,000 ÷ 100 = 80. days_to_win_mean has won "
        "deals in both",
        clock="closed",
        counted=CLOSED,
        leaves_out=DAYLESS,
        needs=("is_won", "is_lost", "created"),
        parts={
            "days": pl.when(CLOSED).then(DAYS).sum(),
            "won": (WON & DAYS.is_not_null()).sum(),
            "dated": (CLOSED & DAYS.is_not_null()).sum(),
            "closed": CLOSED.sum(),
            "imported": (CLOSED & pl.col("imported")).sum(),
        },
        also=("velocity", "deal velocity", "average deal velocity", "sales cycle"),
        answer=days_in_funnel_per_won_deal,
    ),
)
