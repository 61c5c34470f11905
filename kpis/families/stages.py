"""Stage KPIs: conversion and time in stage."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.answers import Answer, noted, ratio
from kpis.dictionary import Kpi
from kpis.intervals import ORDER, WILSON, Z, median_interval, median_of, median_parts, wilson
from model.helpers.survival import ROUNDING, half_gone, half_left, half_left_bounds
from model.helpers.words import many

if TYPE_CHECKING:
    from kpis.answers import Parts

ENTERED, DAYS = pl.col("entered"), pl.col("days")
STAYS: Final = (DAYS.filter(ENTERED), pl.col("left").filter(ENTERED))
FIRST: Final = ENTERED & pl.col("first")
COHORT: Final = (
    "first entries of a deal to the stage on a day of the window, followed to as_of; periods are those of the entry"
)
INSIDE: Final = "deals that entered the stage for the first time in the window; `why` counts those in it at as_of (N6)"
STAGELESS: Final = {"of unknown stage": pl.col("stageless")}
"""Deals without a visit because their stage, or its history, is unknown."""
NONE: Final = "no deal entered a stage in the window"
ENTRIES: Final = "visits entered on a day of the window; periods are those of the entry"
ENDED: Final = "no visit to a stage has ended in the window"


def _cohort(yes: str) -> dict[str, pl.Expr]:
    """Deals that entered, those of which `yes` holds, and those in the stage now."""
    return {"n": FIRST.sum(), "yes": (FIRST & pl.col(yes)).sum(), "here": (FIRST & pl.col("here")).sum()}


def _share(of: Parts, none: str, *notes: str) -> Answer:
    return ratio(of["yes"], of["n"], of["n"], none, noted(*notes), interval=wilson(of["yes"], of["n"]))


def _still_here(of: Parts) -> str:
    return f"{many(of['here'], 'deal')} of {of['n']} still in the stage" if of["here"] else ""


def stage_conversion_ever(of: Parts) -> Answer:
    """Deals that ever reached a later stage ÷ deals that entered."""
    return _share(of, NONE, _still_here(of))


def stage_conversion_next(of: Parts) -> Answer:
    """Deals that ever reached the very next stage ÷ deals that entered; a skipped stage was not reached."""
    skipped = f"{many(of['skipped'], 'deal')} reached a later stage and skipped the next one" if of["skipped"] else ""
    return _share(of, NONE, skipped, _still_here(of))


def stage_conversion_first_move(of: Parts) -> Answer:
    """Deals whose first move out of the stage was forward ÷ deals that entered."""
    return _share(of, NONE, _still_here(of))


def stage_conversion_resolved(of: Parts) -> Answer:
    """Deals that ever reached a later stage ÷ deals that left the stage at least once."""
    unresolved = f"{many(of['entered'] - of['n'], 'deal')} that never left the stage left out"
    return _share(of, "no deal that entered in the window has left the stage", unresolved * (of["entered"] > of["n"]))


def stage_conversion_resolved_visits(of: Parts) -> Answer:
    """Visits that ended forward ÷ visits that ended."""
    return _share(of, "no visit to a stage has ended")


def days_in_stage_median(of: Parts) -> Answer:
    """The median of visits that ended, however they ended; it does not count deals that are stuck."""
    return Answer(median_of(of), None, None, of["n"], "" if of["n"] else ENDED, median_interval(of))


def days_in_stage_median_km(of: Parts) -> Answer:
    """The Kaplan–Meier median of the time to leave the stage in any way; None where half are not seen to leave."""
    if of["median"] is None:
        return Answer(None, None, None, of["n"], "under half of the visits are seen to end" if of["n"] else NONE)
    low, high = of["low"], of["high"]
    why = "no interval, because too few visits have ended for its upper end" if high is None else ""
    return Answer(of["median"], None, None, of["n"], why, None if low is None or high is None else (low, high))


def days_to_advance_half(of: Parts) -> Answer:
    """The day by which half of all that entered had gone on, where losses and backward moves compete."""
    if of["half"] is not None or not of["n"]:
        return Answer(of["half"], None, None, of["n"], "" if of["n"] else NONE)
    never = of["at_most"] < 0.5 - ROUNDING
    ends = (f"{of['forward']} of {many(of['n'], 'visit')} went on", f"{of['left'] - of['forward']} ended otherwise")
    still_open = f"{of['n'] - of['left']} still open"
    why = f"half {'never go' if never else 'have not gone'} on: {', '.join(ends)}, {still_open}"
    return Answer(None, None, None, of["n"], why)


conversion = partial(
    Kpi, population="visits", clock="entered", unit="share", leads="leading", category="leading", staged="only",
    needs=("stage", "stage_since"), counted=ENTERED, leaves_out=STAGELESS, interval=WILSON,
    also=("conversion", "stage conversion", "conversion rate"),
)  # fmt: skip
stay = partial(
    Kpi, population="visits", unit="days", leads="leading", category="efficiency",
    needs=("stage", "stage_since"), leaves_out=STAGELESS, numerator="none: a median", denominator="none: a median",
)  # fmt: skip
KPIS: Final = (
    conversion(
        id="stage_conversion_ever",
        title="Stage conversion, ever",
        purpose="Of the deals that came into a stage, how many ever went on",
        formula="deals that later reached a higher stage or Won ÷ deals that entered",
        numerator="of those, deals with a move, after the first entry, to a higher stage of the same process or to Won",
        denominator=INSIDE,
        window=COHORT,
        source="S65, S78; N6: a young cohort stands low",
        parts=_cohort("ever"),
        answer=stage_conversion_ever,
    ),
    conversion(
        id="stage_conversion_next",
        title="Stage conversion, next stage",
        purpose="Of the deals that came into a stage, how many ever came into the very next one",
        formula="deals that later entered the next stage of the process ÷ deals that entered",
        numerator="of those, deals with a move, after the first entry, to the stage that follows it in the process, "
        "which is Won after the last open one; a skipped stage was not reached, and `why` counts such deals",
        denominator=INSIDE,
        window=COHORT,
        source="S85: pairs of stages; S65, S78; N6: a young cohort stands low",
        parts={**_cohort("next"), "skipped": (FIRST & pl.col("ever") & ~pl.col("next")).sum()},
        answer=stage_conversion_next,
    ),
    conversion(
        id="stage_conversion_first_move",
        title="Stage conversion, first move",
        purpose="Of the deals that came into a stage, how many went on at their first move, without recycling",
        formula="deals whose first move out of the stage was forward or to Won ÷ deals that entered",
        numerator="of those, deals that left their first visit by a move to a higher stage of the process, or to Won",
        denominator=INSIDE,
        window=COHORT,
        source="S65, S34; N6: a young cohort stands low",
        parts=_cohort("forward"),
        answer=stage_conversion_first_move,
    ),
    conversion(
        id="stage_conversion_resolved",
        title="Stage conversion, resolved deals",
        purpose="Of the deals that came into a stage and left it, how many went on; open deals do not pull it down",
        formula="deals that later reached a higher stage or Won ÷ deals that left the stage at least once",
        numerator="the numerator of stage_conversion_ever",
        denominator="deals that entered the stage for the first time in the window and left that visit by any move; "
        "`why` counts the others",
        window=COHORT,
        source="S65, N6",
        parts={
            "n": (FIRST & pl.col("left")).sum(),
            "yes": (FIRST & pl.col("ever")).sum(),
            "entered": FIRST.sum(),
        },
        answer=stage_conversion_resolved,
    ),
    conversion(
        id="stage_conversion_resolved_visits",
        title="Stage conversion, resolved visits",
        purpose="Of the visits that came to an end, how many ended forward; a deal that comes back counts again",
        formula="visits that ended forward or in Won ÷ visits that ended forward, in Won, in Lost or backward",
        numerator="visits that ended by a move to a higher stage of the process, or to Won",
        denominator="visits that ended by any of these moves; open ones and changes of process are left out",
        window=ENTRIES,
        source="S65, N6",
        parts={"n": (ENTERED & pl.col("ended")).sum(), "yes": (ENTERED & pl.col("forward")).sum()},
        answer=stage_conversion_resolved_visits,
    ),
    stay(
        id="days_in_stage_median",
        staged="also",
        title="Median days in stage",
        purpose="How long a visit lasted, of the visits that are over",
        formula="median of days of 86,400 s from entry to leaving, raw visits",
        window="visits left on a day of the window; periods are those of the leaving",
        source="S66, S77, S96, N1: medians of stages do not add up to the median cycle",
        clock="left",
        counted=pl.col("departed"),
        parts={"n": pl.col("departed").sum(), **median_parts(pl.when("departed").then(DAYS))},
        interval=ORDER,
        also=("velocity", "time in stage", "deal velocity", "dwell"),
        answer=days_in_stage_median,
    ),
    stay(
        id="days_in_stage_median_km",
        ordered=True,
        staged="also",
        title="Median days in stage, Kaplan–Meier",
        purpose="How long until half of the deals have left the stage in any way, with those still in it counted",
        formula="first day at which the Kaplan–Meier share of visits not yet ended is one half or less",
        window=ENTRIES,
        source="S66, N6; any move out of the stage is the event, only open visits are censored, at as_of; ends of one "
        "day come together, before visits censored on it; days are of 86,400 s and not rounded",
        clock="entered",
        counted=ENTERED,
        parts={
            "n": ENTERED.sum(),
            "median": half_left(*STAYS),
            **half_left_bounds(*STAYS, Z),
        },
        interval="Brookmeyer and Crowley's, by log(−log) with Greenwood's errors; none where its upper end is not seen",
        also=("time in stage", "dwell"),
        answer=days_in_stage_median_km,
    ),
    stay(
        id="days_to_advance_half",
        ordered=True,
        title="Days until half have gone on",
        purpose="How long until half of all that came into a stage have gone on; null where half never do",
        formula="first day at which the Aalen–Johansen cumulative incidence of going on is one half or more",
        window=ENTRIES,
        source="S66, N6; a move to a higher stage of the process or to Won is the event, every other move out of the "
        "stage competes, only open visits are censored, at as_of; ties and days as in days_in_stage_median_km",
        clock="entered",
        counted=ENTERED,
        staged="only",
        parts={
            "n": ENTERED.sum(),
            "left": (ENTERED & pl.col("left")).sum(),
            "forward": (ENTERED & pl.col("forward")).sum(),
            **half_gone(*STAYS, pl.col("forward").filter(ENTERED)),
        },
        also=("time in stage", "time to advance", "dwell"),
        answer=days_to_advance_half,
    ),
)
