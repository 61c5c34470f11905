"""Closed deals: how many are won, for how much, and how fast."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.answers import Answer, left_out, noted, ratio
from kpis.dictionary import Kpi
from kpis.families.pipeline import HOME, STATELESS
from kpis.intervals import (
    BY_VALUE,
    ORDER,
    WILSON,
    median_interval,
    median_of,
    median_parts,
    share_interval,
    share_parts,
    wilson,
)
from model.helpers.words import many

if TYPE_CHECKING:
    from kpis.answers import Parts

WON, LOST = pl.col("won"), pl.col("lost")
CLOSED = WON | LOST
VALUE, DAYS = pl.col("value"), pl.col("days")
NONE_CLOSED: Final = "no deal closed in the window"
NONE_WON: Final = "no deal won in the window"
CLOSING: Final = "deals closed in the window, by closed_on, else close_date; by close_date where created closed"
DAYLESS: Final = {**STATELESS, "without a day of closing": pl.col("dayless")}
TIMES: Final = {
    "won": WON.sum(), "won_days": pl.when(WON).then(DAYS).sum(), "won_dated": (WON & DAYS.is_not_null()).sum(),
    "imported": (WON & pl.col("imported")).sum(),
}  # fmt: skip
IMPORTED: Final = "created closed"


def timeless(of: Parts) -> str:
    """The sentences about won deals without a cycle."""
    undated = of["won"] - of["won_dated"] - of["imported"]
    return noted(
        left_out(undated, "won deal", "without a day of creation or close"),
        left_out(of["imported"], "won deal", IMPORTED),
    )


def win_rate_closed(of: Parts) -> Answer:
    """Won ÷ closed, by count."""
    return ratio(of["won"], of["closed"], of["closed"], NONE_CLOSED, interval=wilson(of["won"], of["closed"]))


def win_rate_closed_by_value(of: Parts) -> Answer:
    """Won ÷ closed, by amount; `why` warns if lost deals have an amount of zero, because the rate is then 1."""
    zero = of["lost_at_nothing"]
    why = noted(
        left_out(of["out"], "closed deal", "without an amount at home"),
        f"{zero} of {many(of['lost'], 'lost deal')} at the amount 0" if zero else "",
    )
    if of["out"] and not of["priced"]:
        return Answer(None, None, None, 0, why)
    return ratio(
        of["won_value"], of["all"], of["priced"], "no money closed in the window", why, interval=share_interval(of)
    )


def average_won_value(of: Parts) -> Answer:
    """The mean amount of won deals."""
    why = left_out(of["won"] - of["won_priced"], "won deal", "without an amount at home")
    return ratio(of["won_value"], of["won_priced"], of["won_priced"], NONE_WON, why)


def days_to_win_mean(of: Parts) -> Answer:
    """The mean of days to win."""
    return ratio(of["won_days"], of["won_dated"], of["won_dated"], NONE_WON, timeless(of))


def days_to_win_median(of: Parts) -> Answer:
    """The median of days to win."""
    why = timeless(of) if of["won"] else NONE_WON
    return Answer(median_of(of), None, None, of["won_dated"], why, median_interval(of))


closing = partial(Kpi, leads="lagging", clock="closed", window=CLOSING, counted=CLOSED, leaves_out=DAYLESS)
KPIS: Final = (
    closing(
        id="win_rate_closed",
        title="Win rate of closed deals",
        purpose="The scoreboard: how many of the deals that ended were won",
        formula="won ÷ (won + lost)",
        numerator="deals won in the window",
        denominator="deals won or lost in the window",
        unit="share",
        category="outcome",
        source="S83, X8: not comparable with won ÷ proposals (S82) or won ÷ all opportunities (S84)",
        needs=("is_won", "is_lost"),
        parts={"won": WON.sum(), "closed": CLOSED.sum()},
        interval=WILSON,
        also=("win rate", "close rate"),
        answer=win_rate_closed,
    ),
    closing(
        id="win_rate_closed_by_value",
        title="Win rate of closed deals by value",
        purpose="How much of the money that came to an end was won; break-even coverage is 1 ÷ this",
        formula="Σ amount won ÷ Σ amount won or lost",
        numerator="amounts of deals won in the window",
        denominator="amounts of deals won or lost in the window",
        unit="share",
        currency=HOME,
        category="outcome",
        source="X6, X8",
        needs=("is_won", "is_lost", "amount_home"),
        parts={
            "won_value": pl.when(WON).then(VALUE).sum(),
            "all": pl.when(CLOSED).then(VALUE).sum(),
            "priced": (CLOSED & VALUE.is_not_null()).sum(),
            "out": (CLOSED & VALUE.is_null()).sum(),
            "lost": LOST.sum(),
            "lost_at_nothing": (LOST & (VALUE == 0)).sum(),
            **share_parts(pl.when(WON).then(VALUE), pl.when(CLOSED).then(VALUE)),
        },
        interval=BY_VALUE,
        also=("win rate", "win rate by value", "break-even"),
        answer=win_rate_closed_by_value,
    ),
    closing(
        id="average_won_value",
        title="Average won value",
        purpose="What a won deal is worth",
        formula="Σ amount won ÷ deals won",
        numerator="amounts of deals won in the window",
        denominator="deals won in the window that have an amount",
        unit="money",
        currency=HOME,
        category="outcome",
        source="S92",
        needs=("is_won", "amount_home"),
        parts={
            "won": WON.sum(),
            "won_value": pl.when(WON).then(VALUE).sum(),
            "won_priced": (WON & VALUE.is_not_null()).sum(),
        },
        also=("average deal size", "deal size", "acv"),
        answer=average_won_value,
    ),
    closing(
        id="days_to_win_mean",
        title="Mean days to win",
        purpose="How long a won deal takes",
        formula="Σ days from created to closed of won deals ÷ won deals",
        numerator="local days from created to closed_on, where history has none to close_date",
        denominator="deals won in the window that have both days and were not created closed",
        unit="days",
        category="efficiency",
        source="S74, X1, X2: won deals above and below; 9,000 ÷ 50 = 180. X3: a mean, no median",
        needs=("is_won", "created"),
        parts=TIMES,
        also=("velocity", "deal velocity", "average deal velocity", "sales cycle", "cycle length"),
        answer=days_to_win_mean,
    ),
    closing(
        id="days_to_win_median",
        title="Median days to win",
        purpose="How long the deal in the middle takes, whatever the slowest do",
        formula="median of days from created to closed of won deals",
        numerator="none: a median",
        denominator="none: a median",
        unit="days",
        category="efficiency",
        source="X3",
        needs=("is_won", "created"),
        parts={**TIMES, **median_parts(pl.when(WON).then(DAYS))},
        interval=ORDER,
        also=("velocity", "sales cycle", "cycle length"),
        answer=days_to_win_median,
    ),
)
