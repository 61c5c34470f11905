"""The open pipeline as it stands: what it is worth, and weighted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.answers import Answer, left_out
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
)
