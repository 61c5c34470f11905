"""The open pipeline as it stands: its value, weighted, and against target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.answers import Answer, left_out, noted, ratio
from kpis.dictionary import Kpi
from model.money import PRODUCT

if TYPE_CHECKING:
    from kpis.answers import Parts

OPEN = pl.col("open")
PRICED = OPEN & pl.col("value").is_not_null()
WEIGHED = PRICED & pl.col("chance").is_not_null()
STATELESS = {"of unknown state": pl.col("stateless")}
"""Deals of which nobody knows whether they are open."""
STANDS: Final[dict[str, Any]] = {"leaves_out": STATELESS, "counted": OPEN}
HOME = "amounts in the home currency by dated rate; deals without one are left out and counted"


def _sum(of: Parts, lacking: str) -> Answer:
    """The sum of amounts: no value if no open deal has an amount, 0 without open deals."""
    total = None if of["out"] and not of["n"] else of["sum"]
    return Answer(total, total, None, of["n"], left_out(of["out"], "open deal", lacking))


def pipeline_value(of: Parts) -> Answer:
    """The sum of what open deals are worth."""
    return _sum(of, "without an amount at home")


def pipeline_value_weighted(of: Parts) -> Answer:
    """The sum of amount × the CRM's probability."""
    return _sum(of, "without amount or probability")


def pipeline_coverage(of: Parts) -> Answer:
    """Open pipeline due in the period ÷ its target; without a target there is no value."""
    notes = (
        left_out(of["out"], "open deal", "without an amount at home"),
        left_out(of["undated"], "open deal", "without a close date"),
    )
    why, target = noted(*notes), of["target"]
    total = None if why and not of["n"] else of["sum"]
    if of["no_target"] or not target:
        return Answer(None, total, None, of["n"], of["no_target"] or "no target")
    return Answer(None, None, target, 0, why) if total is None else ratio(total, target, of["n"], "no target", why)


KPIS: Final = (
    Kpi(
        id="pipeline_value",
        title="Pipeline value",
        purpose="How much is on the table",
        formula="Σ amount of open deals",
        numerator="amounts of open deals",
        denominator="none",
        window="as it stands at as_of; month and quarter are those of the close date",
        unit="money",
        currency=HOME,
        leads="leading",
        source="S92",
        clock="as_of",
        staged="also",
        needs=("is_open", "amount_home"),
        **STANDS,
        parts={
            "sum": pl.col("value").filter(OPEN).sum(),
            "n": PRICED.sum(),
            "out": (OPEN & pl.col("value").is_null()).sum(),
        },
        also=("open pipeline", "pipeline"),
        category="leading",
        answer=pipeline_value,
    ),
    Kpi(
        id="pipeline_value_weighted",
        title="Weighted pipeline value",
        purpose="How much of the pipeline its own probabilities expect",
        formula="Σ amount × probability of open deals",
        numerator="amount × probability, multiplied at the sum of both scales",
        denominator="none",
        window="as it stands at as_of; month and quarter are those of the close date",
        unit="money",
        currency=HOME,
        leads="leading",
        source="S73, S92",
        clock="as_of",
        staged="also",
        needs=("is_open", "amount_home", "probability"),
        **STANDS,
        parts={
            "sum": (pl.col("value").cast(PRODUCT) * pl.col("chance").cast(PRODUCT)).filter(WEIGHED).sum(),
            "n": WEIGHED.sum(),
            "out": (OPEN & ~WEIGHED).sum(),
        },
        also=("weighted pipeline", "expected value"),
        category="leading",
        answer=pipeline_value_weighted,
    ),
    Kpi(
        id="pipeline_coverage",
        title="Pipeline coverage",
        purpose="Whether enough pipeline closes in the period to reach its target",
        formula="Σ amount of open deals with a close date in the target's period ÷ target of the period",
        numerator="amounts of open deals whose close date lies in the period, overdue ones of the period included",
        denominator="target of the quarter that as_of lies in, else of the month, else of the year; by year the year's",
        window="the target's period",
        unit="ratio",
        currency=HOME + "; targets in another currency are refused",
        leads="leading",
        source="S80, S81, X6; N18: below 3 does not mean that the target is missed even if every deal is won",
        cadence="start of each month and quarter",
        clock="target period",
        only_by=("owner", "team"),
        needs=("is_open", "amount_home", "close_date"),
        **STANDS,
        parts={
            "sum": pl.col("value").filter(OPEN & pl.col("due")).sum(),
            "n": (PRICED & pl.col("due")).sum(),
            "out": (OPEN & pl.col("due") & pl.col("value").is_null()).sum(),
            "undated": (OPEN & pl.col("undated")).sum(),
        },
        also=("coverage", "quota coverage"),
        category="leading",
        answer=pipeline_coverage,
    ),
)
