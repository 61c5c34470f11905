"""The age of open deals: how many and how much is over 30, 60 and 90 days old."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.answers import Answer, left_out, noted, ratio
from kpis.dictionary import Kpi
from kpis.families.pipeline import HOME, OPEN, PRICED, STATELESS
from kpis.intervals import BY_VALUE, WILSON, share_interval, share_parts, wilson

if TYPE_CHECKING:
    from kpis.answers import Parts

VALUE, AGE = pl.col("value"), pl.col("age")
NONE_OPEN: Final = "no deal is open"
FIRST, LAST = 30, 90
BUCKETS: Final = {
    "0_to_30": ("up to 30 days", AGE <= FIRST),
    "31_to_60": ("31 to 60 days", AGE.is_between(FIRST + 1, 60)),
    "61_to_90": ("61 to 90 days", AGE.is_between(61, LAST)),
    "over_90": ("over 90 days", AGE > LAST),
}
LIMIT: Final = 1.5


def open_deals(of: Parts) -> Answer:
    """How many deals are open."""
    return Answer(of["open"], of["open"], None, of["open"])


def average_open_value(of: Parts) -> Answer:
    """The mean amount of open deals."""
    why = left_out(of["out"], "open deal", "without an amount at home")
    return ratio(of["sum"], of["n"], of["n"], NONE_OPEN, why)


def open_deals_age_share(of: Parts) -> Answer:
    """Open deals of this age ÷ open deals of known age."""
    why = left_out(of["unaged"], "open deal", "without a day of creation")
    return ratio(of["yes"], of["n"], of["n"], NONE_OPEN, why, interval=wilson(of["yes"], of["n"]))


def open_deals_age_share_by_value(of: Parts) -> Answer:
    """Amounts of open deals of this age ÷ amounts of open deals of known age."""
    why = noted(
        left_out(of["unaged"], "open deal", "without a day of creation"),
        left_out(of["out"], "open deal", "without an amount at home"),
    )
    return ratio(of["yes"], of["all"], of["n"], "no money in open deals", why, interval=share_interval(of))


def open_deals_aged_share(of: Parts) -> Answer:
    """Open deals that are longer in their stage than 1.5 × its median ÷ open deals in a stage with a median."""
    why = left_out(of["out"], "open deal", "in a stage that no deal has left in the window")
    return ratio(of["yes"], of["n"], of["n"], why or NONE_OPEN, why, interval=wilson(of["yes"], of["n"]))


stands: Any = partial(
    Kpi, clock="as_of", counted=OPEN, leaves_out=STATELESS, staged="also", leads="leading",
    window="as it stands at as_of; periods are those of the close date",
)  # fmt: skip
DAYS_OLD: Final = "local days from created to as_of"


def _bucket(name: str, words: str, within: pl.Expr) -> tuple[Kpi, Kpi]:
    aged = OPEN & AGE.is_not_null()
    priced, yes = PRICED & AGE.is_not_null(), within.fill_null(value=False)
    unaged = (OPEN & AGE.is_null()).sum()
    share = partial(stands, unit="share", category="quality", also=("ageing", "pipeline ageing"))
    return (
        share(
            id=f"open_deals_age_{name}_share",
            title=f"Share of open deals of {words}",
            purpose="How old the pipeline is",
            formula=f"open deals of {words} ÷ open deals",
            numerator=f"open deals with an age of {words}: {DAYS_OLD}",
            denominator="open deals with a day of creation",
            source="S47, S49",
            needs=("is_open", "created"),
            parts={"yes": (aged & yes).sum(), "n": aged.sum(), "unaged": unaged},
            interval=WILSON,
            answer=open_deals_age_share,
        ),
        share(
            id=f"open_deals_age_{name}_share_by_value",
            title=f"Share of the pipeline value of {words}",
            purpose="How old the money in the pipeline is",
            formula=f"Σ amount of open deals of {words} ÷ Σ amount of open deals",
            numerator=f"amounts of open deals with an age of {words}: {DAYS_OLD}",
            denominator="amounts of open deals with a day of creation and an amount at home",
            source="S47, S49",
            currency=HOME,
            needs=("is_open", "created", "amount_home"),
            parts={
                "yes": pl.when(priced & yes).then(VALUE).sum(),
                "all": pl.when(priced).then(VALUE).sum(),
                "n": priced.sum(),
                "unaged": unaged,
                "out": (aged & VALUE.is_null()).sum(),
                **share_parts(pl.when(priced & yes).then(VALUE), pl.when(priced).then(VALUE)),
            },
            interval=BY_VALUE,
            answer=open_deals_age_share_by_value,
        ),
    )


MEDIAN = pl.col("median")
IN_STAGE = OPEN & pl.col("stage_days").is_not_null()
KPIS: Final = (
    stands(
        id="open_deals",
        title="Open deals",
        purpose="How many deals are worked",
        formula="number of open deals",
        numerator="open deals",
        denominator="none",
        unit="deals",
        category="leading",
        source="S69, S92",
        needs=("is_open",),
        parts={"open": OPEN.sum()},
        also=("pipeline", "deals"),
        answer=open_deals,
    ),
    stands(
        id="average_open_value",
        title="Average open value",
        purpose="What an open deal is worth",
        formula="Σ amount of open deals ÷ open deals",
        numerator="amounts of open deals",
        denominator="open deals that have an amount",
        unit="money",
        currency=HOME,
        category="leading",
        source="S92",
        needs=("is_open", "amount_home"),
        parts={"sum": pl.when(OPEN).then(VALUE).sum(), "n": PRICED.sum(), "out": (OPEN & VALUE.is_null()).sum()},
        also=("average deal size", "deal size"),
        answer=average_open_value,
    ),
    *(kpi for name, (words, within) in BUCKETS.items() for kpi in _bucket(name, words, within)),
    stands(
        id="open_deals_aged_share",
        title="Share of aged open deals",
        purpose="How much of the pipeline stands longer in its stage than deals do; under 20 % is acceptable",
        formula="open deals with days in stage > 1.5 × days_in_stage_median of their stage ÷ open deals",
        numerator="open deals whose local days from stage_since to as_of are above 1.5 × the median of their stage: "
        "days_in_stage_median of all deals by process and stage over the window",
        denominator="open deals in a stage that has that median",
        unit="share",
        category="quality",
        source="S47: 15 % of 200 deals over 45 days in qualification",
        needs=("is_open", "stage", "stage_since"),
        leaves_out={**STATELESS, "of unknown stage": OPEN & pl.col("unknown_stage")},
        parts={
            "yes": (IN_STAGE & (pl.col("stage_days") > LIMIT * MEDIAN)).sum(),
            "n": (IN_STAGE & MEDIAN.is_not_null()).sum(),
            "out": (OPEN & ~(IN_STAGE & MEDIAN.is_not_null()) & ~pl.col("unknown_stage")).sum(),
        },
        interval=WILSON,
        also=("ageing", "pipeline ageing", "aged deals"),
        answer=open_deals_aged_share,
    ),
)
