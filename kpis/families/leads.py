"""Leads: how many came in, how soon they were answered, and how many became deals (S91)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.answers import Answer, left_out, noted, ratio
from kpis.dictionary import Kpi
from kpis.intervals import ORDER, WILSON, median_interval, median_of, median_parts, wilson
from kpis.populations.leads import CLOCK, DIMS

if TYPE_CHECKING:
    from kpis.answers import Parts

CAME: Final = pl.col("came")
DAY: Final = 24
HOURS: Final = pl.col("response_hours")
SOON: Final = (CAME & (HOURS <= DAY)).fill_null(value=False)
SETTLED: Final = (
    CAME & (HOURS.is_not_null() | (~pl.col("touched") & (pl.col("hours_waiting") > DAY).fill_null(value=True)))
).fill_null(value=False)
KNOWN: Final = CAME & pl.col("is_converted").is_not_null()
NOT_READ: Final = "no lead is known; leads are read where a policy names them"
NONE_CAME: Final = "no lead was created in the window"


def _undated(of: Parts) -> str:
    return left_out(of["undated"], "lead", "without a day of creation")


def leads_created(of: Parts) -> Answer:
    """How many leads were created in the window."""
    if not of["known"]:
        return Answer(None, why=NOT_READ)
    return Answer(of["n"], of["n"], None, of["n"], _undated(of))


def lead_conversion_rate(of: Parts) -> Answer:
    """The share of the leads created in the window that were converted by as_of."""
    why = noted(left_out(of["out"], "lead", "of which nobody knows whether they were converted"), _undated(of))
    nothing = NONE_CAME if of["known"] else NOT_READ
    return ratio(of["yes"], of["n"], of["n"], nothing, why, interval=wilson(of["yes"], of["n"]))


def lead_response_hours_median(of: Parts) -> Answer:
    """The median of hours from a lead's creation to the first touch, of the leads that were touched."""
    why = noted(left_out(of["came"] - of["n"], "lead", "without a known touch since creation"), _undated(of))
    if not of["n"]:
        return Answer(None, why=why or (NONE_CAME if of["known"] else NOT_READ))
    return Answer(median_of(of), None, None, of["n"], why, median_interval(of))


def lead_response_24h_rate(of: Parts) -> Answer:
    """The share of leads that were first touched within 24 hours."""
    why = noted(left_out(of["came"] - of["n"], "lead", "younger than 24 hours, or of unknown touches,"), _undated(of))
    nothing = NONE_CAME if of["known"] else NOT_READ
    return ratio(of["yes"], of["n"], of["n"], nothing, why, interval=wilson(of["yes"], of["n"]))


BASE: Final = {"known": pl.len(), "undated": pl.col("undated").sum()}
about_leads = partial(
    Kpi, population="leads", clock=CLOCK, needs=("owner",), leads="leading", only_by=(*DIMS, "month", "quarter"),
    counted=CAME,
    window="leads created in the window, by the day in the zone of the lead's owner; `kpi_scope` and `--where` are "
    "about deals and do not narrow leads",
)  # fmt: skip
KPIS: Final = (
    about_leads(
        id="leads_created",
        title="Leads created",
        purpose="How many leads come in",
        formula="number of leads created in the window",
        numerator="leads created in the window, converted ones included",
        denominator="none",
        unit="leads",
        category="leading",
        source="S91, S92",
        parts={**BASE, "n": CAME.sum()},
        also=("leads", "lead volume"),
        answer=leads_created,
    ),
    about_leads(
        id="lead_conversion_rate",
        title="Lead conversion rate",
        purpose="How many leads become contacts with a deal",
        formula="leads converted ÷ leads created",
        numerator="of the denominator, leads that are converted at as_of",
        denominator="leads created in the window of which it is known whether they are converted; open ones count",
        unit="share",
        category="outcome",
        source="S91, S85",
        interval=WILSON,
        parts={
            **BASE,
            "n": KNOWN.sum(),
            "yes": (KNOWN & pl.col("is_converted")).sum(),
            "out": (CAME & pl.col("is_converted").is_null()).sum(),
        },
        also=("lead conversion", "conversion"),
        answer=lead_conversion_rate,
    ),
    about_leads(
        id="lead_response_hours_median",
        title="Median hours to respond to a lead",
        purpose="How soon the lead in the middle is answered",
        formula="median of hours from creation to first touch",
        numerator="none: a median of the fact response_hours, of leads created in the window that were touched",
        denominator="none: a median",
        unit="hours",
        category="efficiency",
        source="S91; leads that wait are left out, so read it beside lead_response_24h_rate",
        interval=ORDER,
        parts={**BASE, "came": CAME.sum(), "n": HOURS.filter(CAME).count(), **median_parts(HOURS.filter(CAME))},
        also=("response time", "speed to lead"),
        answer=lead_response_hours_median,
    ),
    about_leads(
        id="lead_response_24h_rate",
        title="Leads answered within 24 hours",
        purpose="Whether leads are answered in time",
        formula="leads touched within 24 hours ÷ leads of which that is settled",
        numerator="of the denominator, leads with response_hours of 24 or less",
        denominator="leads created in the window that were touched, or were not and either have waited more than 24 "
        "hours (hours_waiting) or are no longer open",
        unit="share",
        category="efficiency",
        source="S91: accepted leads are answered in under 24 hours",
        interval=WILSON,
        parts={**BASE, "came": CAME.sum(), "n": SETTLED.sum(), "yes": SOON.sum()},
        also=("response time", "speed to lead"),
        answer=lead_response_24h_rate,
    ),
)
