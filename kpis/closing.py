"""Closed deals: how many are won, for how much, and how fast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from kpis.dictionary import Answer, kpi, left_out, ratio
from kpis.pipeline import HOME, STATELESS
from model.helpers.words import many

if TYPE_CHECKING:
    from kpis.dictionary import Parts

WON, LOST = pl.col("won"), pl.col("lost")
CLOSED = WON | LOST
VALUE, DAYS = pl.col("value"), pl.col("days")
NONE_CLOSED: Final = "no deal closed in the window"
NONE_WON: Final = "no deal won in the window"
CLOSING: Final = "deals closed in the window, by closed_on, else close_date"
ENDS: Final[dict[str, Any]] = {
    "counted": CLOSED,
    "leaves_out": {**STATELESS, "without a day of closing": pl.col("dayless")},
}
COUNTS: Final = {"won": WON.sum(), "closed": CLOSED.sum()}
AMOUNTS: Final = {"won_value": VALUE.filter(WON).sum(), "won_priced": (WON & VALUE.is_not_null()).sum()}
TIMES: Final = {"won_days": DAYS.filter(WON).sum(), "won_dated": (WON & DAYS.is_not_null()).sum()}


@kpi(
    name="Win rate of closed deals",
    purpose="The scoreboard: how many of the deals that ended were won",
    formula="won ÷ (won + lost)",
    numerator="deals won in the window",
    denominator="deals won or lost in the window",
    window=CLOSING,
    unit="share",
    leads="lagging",
    source="S83, X8: not comparable with won ÷ proposals (S82) or won ÷ all opportunities (S84)",
    clock="closed",
    **ENDS,
    needs=("is_won", "is_lost"),
    parts=COUNTS,
    also=("win rate", "close rate"),
)
def win_rate_closed(of: Parts) -> Answer:
    """Won ÷ closed, by count."""
    return ratio(of["won"], of["closed"], of["closed"], NONE_CLOSED)


@kpi(
    name="Win rate of closed deals by value",
    purpose="How much of the money that came to an end was won; break-even coverage is 1 ÷ this",
    formula="Σ amount won ÷ Σ amount won or lost",
    numerator="amounts of deals won in the window",
    denominator="amounts of deals won or lost in the window",
    window=CLOSING,
    unit="share",
    currency=HOME,
    leads="lagging",
    source="X6, X8",
    clock="closed",
    **ENDS,
    needs=("is_won", "is_lost", "amount_home"),
    parts={
        **AMOUNTS,
        "all": VALUE.filter(CLOSED).sum(),
        "priced": (CLOSED & VALUE.is_not_null()).sum(),
        "out": (CLOSED & VALUE.is_null()).sum(),
        "lost": LOST.sum(),
        "lost_at_nothing": (LOST & (VALUE == 0)).sum(),
    },
    also=("win rate", "win rate by value", "break-even"),
)
def win_rate_closed_by_value(of: Parts) -> Answer:
    """Won ÷ closed, by amount; `why` warns if lost deals have an amount of zero, because the rate is then 1."""
    zero = of["lost_at_nothing"]
    notes = (
        left_out(of["out"], "closed deal", "without an amount at home"),
        f"{zero} of {many(of['lost'], 'lost deal')} at the amount 0" if zero else "",
    )
    said = "; ".join(filter(None, notes))
    if of["out"] and not of["priced"]:
        return Answer(None, None, None, 0, said)
    return ratio(of["won_value"], of["all"], of["priced"], "no money closed in the window", said)


@kpi(
    name="Average won value",
    purpose="What a won deal is worth",
    formula="Σ amount won ÷ deals won",
    numerator="amounts of deals won in the window",
    denominator="deals won in the window that have an amount",
    window=CLOSING,
    unit="money",
    currency=HOME,
    leads="lagging",
    source="S92",
    clock="closed",
    **ENDS,
    needs=("is_won", "amount_home"),
    parts={**AMOUNTS, "won": WON.sum()},
    also=("average deal size", "deal size", "acv"),
)
def average_won_value(of: Parts) -> Answer:
    """The mean amount of won deals."""
    why = left_out(of["won"] - of["won_priced"], "won deal", "without an amount at home")
    return ratio(of["won_value"], of["won_priced"], of["won_priced"], NONE_WON, why)


@kpi(
    name="Mean days to win",
    purpose="How long a won deal takes",
    formula="Σ days from created to closed of won deals ÷ won deals",
    numerator="local days from created to closed_on, where history has none to close_date",
    denominator="deals won in the window that have both days",
    window=CLOSING,
    unit="days",
    leads="lagging",
    source="S74, X1, X2: won deals above and below; 9,000 ÷ 50 = 180. X3: a mean, no median",
    clock="closed",
    **ENDS,
    needs=("is_won", "created"),
    parts={**TIMES, "won": WON.sum()},
    also=("velocity", "deal velocity", "average deal velocity", "sales cycle", "cycle length"),
)
def days_to_win_mean(of: Parts) -> Answer:
    """The mean of days to win."""
    why = left_out(of["won"] - of["won_dated"], "won deal", "without a day of creation or close")
    return ratio(of["won_days"], of["won_dated"], of["won_dated"], NONE_WON, why)


@kpi(
    name="Median days to win",
    purpose="How long the deal in the middle takes, whatever the slowest do",
    formula="median of days from created to closed of won deals",
    numerator="none: a median",
    denominator="none: a median",
    window=CLOSING,
    unit="days",
    leads="lagging",
    source="X3",
    clock="closed",
    **ENDS,
    needs=("is_won", "created"),
    parts={**TIMES, "won": WON.sum(), "median": DAYS.filter(WON).median()},
    also=("velocity", "sales cycle", "cycle length"),
)
def days_to_win_median(of: Parts) -> Answer:
    """The median of days to win."""
    why = left_out(of["won"] - of["won_dated"], "won deal", "without a day of creation or close")
    return Answer(of["median"], None, None, of["won_dated"], why if of["won"] else NONE_WON)
