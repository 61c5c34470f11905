"""Pipeline velocity: revenue a day."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.answers import Answer, left_out, noted, ratio
from kpis.dictionary import Kpi
from kpis.families.closing import CLOSED, CLOSING, DAYLESS, DAYS, IMPORTED, NONE_CLOSED, VALUE, WON
from kpis.families.pipeline import HOME, OPEN

if TYPE_CHECKING:
    from kpis.answers import Parts

WORKED: Final = ~pl.col("imported")
PRICED: Final = WON & WORKED & VALUE.is_not_null()
CYCLES: Final = {
    "won": (WON & WORKED).sum(),
    "closed": (CLOSED & WORKED).sum(),
    "won_value": pl.when(PRICED).then(VALUE).sum(),
    "won_priced": PRICED.sum(),
    "won_days": pl.when(WON).then(DAYS).sum(),
    "won_dated": (WON & DAYS.is_not_null()).sum(),
    "imported": (CLOSED & pl.col("imported")).sum(),
}
NONE_CREATED: Final = "no deal is known from before the end of the window"


def pipeline_velocity_open_per_day(of: Parts) -> Answer:
    """Open deals × win rate × average won value ÷ mean days to win, as one fraction, divided once."""
    nothing = (
        (not of["closed"], NONE_CLOSED),
        (not of["won"], "no deal with an amount won in the window"),
        (not of["won_priced"], "no won deal has an amount at home"),
        (not of["won_dated"], "no won deal has a day of creation and of close"),
        (of["won_dated"] and of["won_days"] <= 0, "won deals took no day on average"),
    )
    if why := next((why for holds, why in nothing if holds), ""):
        return Answer(None, None, None, of["open"], noted(why, _imported(of)))
    lacking = noted(
        left_out(of["won"] - of["won_priced"], "won deal", "without an amount at home"),
        left_out(of["won"] - of["won_dated"], "won deal", "without a day of creation or close"),
        _imported(of),
    )
    money = Fraction(of["open"] * of["won"], of["closed"]) * Fraction(of["won_value"]) / of["won_priced"]
    return ratio(money, Fraction(of["won_days"], of["won_dated"]), of["open"], "", lacking)


def pipeline_velocity_closed_per_day(of: Parts) -> Answer:
    """Value won ÷ days of the window, from the earliest deal known where that is later."""
    late = of["known_from"]
    notes = noted(
        left_out(of["won"] - of["won_priced"], "won deal", "without an amount at home"),
        _imported(of),
        f"over {of['window_days']} days, because the earliest deal known is of {late:%-d %b %Y}" if late else "",
    )
    if of["won"] and not of["won_priced"]:
        return Answer(None, None, None, 0, notes)
    return ratio(of["won_value"], of["window_days"], of["won_priced"], NONE_CREATED, notes)


def _imported(of: Parts) -> str:
    return left_out(of["imported"], "closed deal", IMPORTED)


per_day = partial(
    Kpi, leads="lagging", category="outcome", clock="closed", unit="money/day", currency=HOME, leaves_out=DAYLESS,
    also=("velocity", "pipeline velocity", "sales velocity"),
)  # fmt: skip
KPIS: Final = (
    per_day(
        id="pipeline_velocity_open_per_day",
        title="Pipeline velocity of the open deals",
        purpose="Revenue a day that today's open deals make at the window's rates",
        formula="open deals × win rate × average won value ÷ mean days to win",
        numerator="open deals × win_rate_closed × average_won_value, without deals created closed",
        denominator="days_to_win_mean",
        window="open deals as they stand; rates of "
        + CLOSING
        + "; the last 365 days where none is asked for, never all",
        source="S67, S69, X1; N9: 90 to 70 days is +28.6 %",
        timed=False,
        needs=("is_open", "is_won", "is_lost", "amount_home", "created"),
        counted=OPEN | CLOSED,
        parts={**CYCLES, "open": OPEN.sum()},
        answer=pipeline_velocity_open_per_day,
    ),
    per_day(
        id="pipeline_velocity_closed_per_day",
        title="Value won per day",
        purpose="Revenue a day that was won in the window",
        formula="Σ amount won ÷ days of the window",
        numerator="amounts of deals won in the window, without deals created closed",
        denominator="days of the window up to as_of, from the creation of the earliest deal known where that is later",
        window=CLOSING + "; the last 365 days where none is asked for, never all",
        source="S67, S69, X1: the formula with closed deals × mean days ÷ days of the window as the number in flight",
        timed=False,
        needs=("is_won", "is_lost", "amount_home", "created"),
        counted=CLOSED,
        parts=CYCLES,
        answer=pipeline_velocity_closed_per_day,
    ),
)
