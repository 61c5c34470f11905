"""Stage KPIs: conversion and time in stage."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.answers import Answer, ratio
from kpis.dictionary import Kpi
from kpis.intervals import ORDER, WILSON, median_interval, median_parts, wilson

if TYPE_CHECKING:
    from kpis.answers import Parts

ENTERED, FIRST, DAYS = pl.col("entered"), pl.col("entered") & pl.col("first"), pl.col("days")
FORWARD: Final = ENTERED & pl.col("forward")
COHORT: Final = "first entries on a day of the window, followed to as_of; periods are those of the entry"
STAGELESS: Final = {"of unknown stage": pl.col("stageless")}
"""Deals without a visit because their stage, or its history, is unknown."""
NONE: Final = "no deal entered a stage in the window"


def stage_conversion_ever(of: Parts) -> Answer:
    """Ever went forward ÷ entered."""
    return ratio(of["yes"], of["n"], of["n"], NONE, interval=wilson(of["yes"], of["n"]))


def stage_conversion_first_move(of: Parts) -> Answer:
    """First move was forward ÷ entered."""
    return ratio(of["yes"], of["n"], of["n"], NONE, interval=wilson(of["yes"], of["n"]))


def stage_conversion_resolved_visits(of: Parts) -> Answer:
    """Visits that ended forward ÷ visits that ended."""
    return ratio(of["yes"], of["n"], of["n"], "no visit to a stage has ended", interval=wilson(of["yes"], of["n"]))


def days_in_stage_median(of: Parts) -> Answer:
    """The median of visits that ended, however they ended; it does not count deals that are stuck."""
    why = "" if of["n"] else "no visit to a stage has ended in the window"
    return Answer(of["median"], None, None, of["n"], why, median_interval(of))


HALF: Final = 0.5 + 1e-12  # a product of fractions that is one half may stand a rounding above it


def _survival() -> pl.Expr:
    """Kaplan–Meier: share still there after each visit, in order of days; leaving comes before censoring."""
    days, left = DAYS.filter(ENTERED), FORWARD.filter(ENTERED)
    order = pl.struct(days, ~left).arg_sort()
    event = left.cast(pl.Float64).gather(order)
    n = days.len()
    return (1 - event / (n - pl.int_range(n))).cum_prod()


def days_in_stage_median_km(of: Parts) -> Answer:
    """The median time to leave forward; None if fewer than half of the visits are seen to."""
    why = "under half of the visits are seen to go forward" if of["n"] else NONE
    return Answer(of["median"], None, None, of["n"], "" if of["median"] is not None else why)


conversion = partial(
    Kpi, population="visits", clock="entered", unit="share", leads="leading", category="leading", staged="only",
    needs=("stage", "stage_since"), counted=ENTERED, leaves_out=STAGELESS, interval=WILSON,
    also=("conversion", "stage conversion", "conversion rate"),
)  # fmt: skip
stay = partial(
    Kpi, population="visits", unit="days", leads="leading", category="efficiency", staged="also",
    needs=("stage", "stage_since"), leaves_out=STAGELESS, numerator="none: a median", denominator="none: a median",
)  # fmt: skip
KPIS: Final = (
    conversion(
        id="stage_conversion_ever",
        title="Stage conversion, ever",
        purpose="Of the deals that came into a stage, how many ever went on",
        formula="deals that later reached a higher stage or Won ÷ deals that entered",
        numerator="of those, deals with any later move to a higher stage of the same process, or Won",
        denominator="deals that entered the stage; those still in it count, so young cohorts stand low (N6)",
        window=COHORT,
        source="S65, S78, S85",
        parts={"n": FIRST.sum(), "yes": (FIRST & pl.col("ever")).sum()},
        answer=stage_conversion_ever,
    ),
    conversion(
        id="stage_conversion_first_move",
        title="Stage conversion, first move",
        purpose="Of the deals that came into a stage, how many went on at their first move, without recycling",
        formula="deals whose first move out of the stage was forward or to Won ÷ deals that entered",
        numerator="of those, deals that left their first visit by a move to a higher stage or Won",
        denominator="deals that entered the stage; those still in it count (N6)",
        window=COHORT,
        source="S65, S34",
        parts={"n": FIRST.sum(), "yes": (FIRST & pl.col("forward")).sum()},
        answer=stage_conversion_first_move,
    ),
    conversion(
        id="stage_conversion_resolved_visits",
        title="Stage conversion, resolved visits",
        purpose="Of the visits that came to an end, how many ended forward; open deals do not pull it down",
        formula="visits that ended forward or in Won ÷ visits that ended forward, in Won, in Lost or backward",
        numerator="visits that ended by a move to a higher stage or Won",
        denominator="visits that ended by any of these moves; open ones and changes of process are left out",
        window="visits entered on a day of the window; periods are those of the entry",
        source="S65, N6",
        parts={"n": (ENTERED & pl.col("ended")).sum(), "yes": FORWARD.sum()},
        answer=stage_conversion_resolved_visits,
    ),
    stay(
        id="days_in_stage_median",
        title="Median days in stage",
        purpose="How long a visit lasted, of the visits that are over",
        formula="median of days of 86,400 s from entry to leaving, raw visits",
        window="visits left on a day of the window; periods are those of the leaving",
        source="S66, S77, N1: medians of stages do not add up to the median cycle",
        clock="left",
        counted=pl.col("departed"),
        parts={"n": pl.col("departed").sum(), **median_parts(DAYS.filter("departed"))},
        interval=ORDER,
        also=("velocity", "time in stage", "deal velocity", "dwell"),
        answer=days_in_stage_median,
    ),
    stay(
        id="days_in_stage_median_km",
        title="Median days in stage, Kaplan–Meier",
        purpose="How long until half of the deals go on, with those still in the stage or lost taken into account",
        formula="first day at which the Kaplan–Meier share of visits not yet left forward is one half or less",
        window="visits entered on a day of the window; periods are those of the entry",
        source="S66, N6; leaving forward is the event, open and lost visits are censored",
        clock="entered",
        counted=ENTERED,
        parts={"n": ENTERED.sum(), "median": DAYS.filter(ENTERED).sort().filter(_survival() <= HALF).first()},
        also=("time in stage", "dwell"),
        answer=days_in_stage_median_km,
    ),
)
