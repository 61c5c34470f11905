"""Stage KPIs: conversion and time in stage. Without the dimension `stage` they are pooled over stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.dictionary import DEAL_DIMS, TIME_DIMS, Answer, kpi, ratio

if TYPE_CHECKING:
    from kpis.dictionary import Parts

FIRST, DAYS, EVENT = pl.col("first"), pl.col("days"), pl.col("forward")
STAGED: Final = (*DEAL_DIMS, "stage", *TIME_DIMS)
ENTERED: Final = "first entries on a day of the window; month and quarter are those of the entry"
STAGELESS: Final = {"of unknown stage": pl.col("stageless")}
"""Deals without a visit because their stage, or its history, is unknown."""
NONE: Final = "no deal entered a stage in the window"
CONVERSION: Final[dict[str, Any]] = {
    "leaves_out": STAGELESS, "unit": "share", "leads": "leading", "over": "entries", "clock": "entered", "dims": STAGED,
    "needs": ("stage", "stage_since"),
}  # fmt: skip
STAY: Final[dict[str, Any]] = {
    "leaves_out": STAGELESS, "unit": "days", "leads": "leading", "over": "visits", "dims": STAGED,
    "needs": ("stage", "stage_since"), "numerator": "none: a median", "denominator": "none: a median",
}  # fmt: skip
HALF: Final = 0.5 + 1e-12  # a product of fractions that is one half may stand a rounding above it


@kpi(
    name="Stage conversion, ever",
    purpose="Of the deals that came into a stage, how many ever went on",
    formula="deals that later reached a higher stage or Won ÷ deals that entered",
    numerator="of those, deals with any later move to a higher stage of the same process, or Won",
    denominator="deals that entered the stage; those still in it count, so young cohorts stand low (N6)",
    window=ENTERED,
    source="S65, S78, S85",
    parts={"n": FIRST.sum(), "yes": (FIRST & pl.col("ever")).sum()},
    also=("conversion", "stage conversion", "conversion rate"),
    **CONVERSION,
)
def stage_conversion_ever(of: Parts) -> Answer:
    """Ever went forward ÷ entered."""
    return ratio(of["yes"], of["n"], of["n"], NONE)


@kpi(
    name="Stage conversion, first move",
    purpose="Of the deals that came into a stage, how many went on at their first move, without recycling",
    formula="deals whose first move out of the stage was forward or to Won ÷ deals that entered",
    numerator="of those, deals whose first visit ended by a move to the next stage or beyond",
    denominator="deals that entered the stage; those still in it count (N6)",
    window=ENTERED,
    source="S65, S34",
    parts={"n": FIRST.sum(), "yes": (FIRST & EVENT).sum()},
    also=("conversion", "stage conversion", "conversion rate"),
    **CONVERSION,
)
def stage_conversion_next(of: Parts) -> Answer:
    """First move was forward ÷ entered."""
    return ratio(of["yes"], of["n"], of["n"], NONE)


@kpi(
    name="Stage conversion, resolved visits",
    purpose="Of the visits that came to an end, how many ended forward; open deals do not pull it down",
    formula="visits that ended forward or in Won ÷ visits that ended forward, in Won, in Lost or backward",
    numerator="visits that ended by a move to a higher stage or Won",
    denominator="visits that ended by any of these moves; open ones and changes of process are left out",
    window="visits entered on a day of the window; month and quarter are those of the entry",
    source="S65, N6",
    parts={"n": pl.col("ended").sum(), "yes": EVENT.sum(), "open": (~pl.col("ended")).sum()},
    also=("conversion", "stage conversion", "conversion rate"),
    **CONVERSION,
)
def stage_conversion_resolved(of: Parts) -> Answer:
    """Ended forward ÷ ended."""
    return ratio(of["yes"], of["n"], of["n"], "no visit to a stage has ended")


@kpi(
    name="Median days in stage",
    purpose="How long a visit lasted, of the visits that are over",
    formula="median of days of 86,400 s from entry to leaving, raw visits",
    window="visits left on a day of the window; month and quarter are those of the leaving",
    source="S66, S77, N1: medians of stages do not add up to the median cycle",
    clock="left",
    parts={"n": pl.col("left").sum(), "median": DAYS.filter("left").median()},
    also=("velocity", "time in stage", "deal velocity", "dwell"),
    **STAY,
)
def days_in_stage_median(of: Parts) -> Answer:
    """The median of visits that ended, however they ended; it does not count deals that are stuck."""
    return Answer(of["median"], None, None, of["n"], "" if of["n"] else "no visit to a stage has ended in the window")


def _survival() -> pl.Expr:
    """Kaplan–Meier: share still there after each visit, in order of days; leaving comes before censoring."""
    order = pl.struct(DAYS, ~EVENT).arg_sort()
    event = EVENT.cast(pl.Float64).gather(order)
    return (1 - event / (pl.len() - pl.int_range(pl.len()))).cum_prod()


@kpi(
    name="Median days in stage, Kaplan–Meier",
    purpose="How long until half of the deals go on, with those still in the stage or lost taken into account",
    formula="first day at which the Kaplan–Meier share of visits not yet left forward is one half or less",
    window="visits entered on a day of the window; month and quarter are those of the entry",
    source="S66, N6; leaving forward is the event, open and lost visits are censored",
    clock="entered",
    parts={
        "n": pl.len(),
        "events": EVENT.sum(),
        "median": DAYS.sort().filter(_survival() <= HALF).first(),
    },
    also=("time in stage", "dwell"),
    **STAY,
)
def days_in_stage_median_km(of: Parts) -> Answer:
    """The median time to leave forward; None if fewer than half of the visits are seen to."""
    why = "under half of the visits are seen to go forward" if of["n"] else NONE
    return Answer(of["median"], None, None, of["n"], "" if of["median"] is not None else why)
