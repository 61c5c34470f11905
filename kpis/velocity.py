"""Pipeline velocity: the revenue a day that follows from count, win rate, value and days."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import polars as pl

from kpis.closing import AMOUNTS, CLOSED, CLOSING, COUNTS, ENDS, NONE_CLOSED, TIMES
from kpis.dictionary import DEAL_DIMS, Answer, kpi, left_out, ratio
from kpis.pipeline import HOME, OPEN

if TYPE_CHECKING:
    from kpis.dictionary import Parts


def _velocity(of: Parts, count: int) -> Answer:
    """Count × win rate × average won value ÷ mean days to win, as one fraction, divided once."""
    nothing = (
        (not of["closed"], NONE_CLOSED),
        (not of["won"], "no deal with an amount won in the window"),
        (not of["won_priced"], "no won deal has an amount at home"),
        (not of["won_dated"], "no won deal has a day of creation and of close"),
        (of["won_dated"] and of["won_days"] <= 0, "won deals took no day on average"),
    )
    lacking = (
        left_out(of["won"] - of["won_priced"], "won deal", "without an amount at home"),
        left_out(of["won"] - of["won_dated"], "won deal", "without a day of creation or close"),
    )
    for holds, why in nothing:
        if holds:
            return Answer(None, None, None, count, why)
    money = Fraction(count * of["won"], of["closed"]) * Fraction(of["won_value"]) / of["won_priced"]
    return ratio(money, Fraction(of["won_days"], of["won_dated"]), count, "", "; ".join(filter(None, lacking)))


@kpi(
    name="Pipeline velocity of the open deals",
    purpose="Revenue a day that today's open deals make at the window's rates",
    formula="open deals × win rate × average won value ÷ mean days to win",
    numerator="open deals × win_rate_closed × average_won_value",
    denominator="days_to_win_mean",
    window="open deals as they stand; rates of " + CLOSING,
    unit="money/day",
    currency=HOME,
    leads="lagging",
    source="S67, S69, X1; N9: 90 to 70 days is +28.6 %",
    clock="closed",
    dims=DEAL_DIMS,
    needs=("is_open", "is_won", "is_lost", "amount_home", "created"),
    counted=OPEN | CLOSED,
    leaves_out=ENDS["leaves_out"],
    parts={**COUNTS, **AMOUNTS, **TIMES, "open": pl.col("open").sum()},
    also=("velocity", "pipeline velocity", "sales velocity"),
)
def pipeline_velocity_open_per_day(of: Parts) -> Answer:
    """Velocity with N the open deals."""
    return _velocity(of, of["open"])


@kpi(
    name="Pipeline velocity of the closed deals",
    purpose="Revenue a day at the count and the rates of the deals that closed",
    formula="closed deals × win rate × average won value ÷ mean days to win",
    numerator="deals closed in the window × win_rate_closed × average_won_value",
    denominator="days_to_win_mean",
    window=CLOSING,
    unit="money/day",
    currency=HOME,
    leads="lagging",
    source="S67, S69, X1",
    clock="closed",
    needs=("is_won", "is_lost", "amount_home", "created"),
    **ENDS,
    parts={**COUNTS, **AMOUNTS, **TIMES},
    also=("velocity", "pipeline velocity", "sales velocity"),
)
def pipeline_velocity_closed_per_day(of: Parts) -> Answer:
    """Velocity with N the deals closed in the window."""
    return _velocity(of, of["closed"])
