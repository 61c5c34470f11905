"""What a won deal costs: spend of the user's table against deals won in the same window (S92)."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Final

import polars as pl

from kpis.answers import Answer, left_out, ratio
from kpis.dictionary import Kpi
from kpis.families.closing import CLOSING, DAYLESS, NONE_WON, VALUE, WON
from kpis.families.pipeline import HOME
from kpis.spend import KINDS

if TYPE_CHECKING:
    from kpis.answers import Parts

YEAR: Final = 12
UNPRICED: Final = "without an amount at home"


def customer_acquisition_cost(of: Parts) -> Answer:
    """What was spent in the window per deal won in it."""
    if of["no_spend"]:
        return Answer(None, None, of["won"], of["won"], of["no_spend"])
    return ratio(of["spend"], of["won"], of["won"], NONE_WON)


def sales_efficiency(of: Parts) -> Answer:
    """The value won in the window per unit of money spent in it."""
    why = left_out(of["won"] - of["priced"], "won deal", UNPRICED)
    value = None if of["won"] and not of["priced"] else of["won_value"]
    if of["no_spend"] or value is None:
        return Answer(None, value, of["spend"], of["priced"], of["no_spend"] or why)
    return ratio(value, of["spend"], of["priced"], "nothing was spent in the window", why)


def payback_months(of: Parts) -> Answer:
    """Months until a won deal has brought in what winning it cost, if its amount is a year's revenue."""
    if of["no_spend"] or not of["won"]:
        return Answer(None, n=of["priced"], why=of["no_spend"] or NONE_WON)
    why = left_out(of["won"] - of["priced"], "won deal", UNPRICED)
    if not of["won_value"]:
        return Answer(None, n=of["priced"], why=why or "no money was won in the window")
    month = Fraction(of["won_value"]) / of["priced"] / YEAR
    return ratio(Fraction(of["spend"]) / of["won"], month, of["priced"], NONE_WON, why)


SPENT: Final = (
    "Σ amount of the spend table over the periods that fill the window, each day once. Of everything: its rows without "
    "channel, campaign and segment; where there are none, Σ over the names of the first of these columns that has any. "
    "By source, campaign or segment: the rows with the group's name under channel, campaign or segment"
)
spent = partial(
    Kpi, window=CLOSING + ". The spend is that of window_from to window_to; without periods that fill it there is no "
    "value", leads="lagging", category="efficiency", clock="closed", timed=False, only_by=tuple(KINDS), counted=WON,
    leaves_out=DAYLESS, currency=HOME + "; spend in another currency is refused", cadence="monthly",
)  # fmt: skip
PARTS: Final = {
    "won": WON.sum(), "won_value": pl.when(WON).then(VALUE).sum(), "priced": (WON & VALUE.is_not_null()).sum(),
}  # fmt: skip
KPIS: Final = (
    spent(
        id="customer_acquisition_cost",
        title="Customer acquisition cost",
        purpose="What it costs to win a deal",
        formula="spend ÷ deals won",
        numerator=SPENT,
        denominator="deals won in the window",
        unit="money",
        source="S92; counts deals: renewals too, unless `kpi_scope` or `--where` leaves them out. Spend of one window "
        "also wins deals of later ones",
        needs=("is_won",),
        parts={"won": WON.sum()},
        also=("cac", "acquisition cost"),
        answer=customer_acquisition_cost,
    ),
    spent(
        id="sales_efficiency",
        title="Sales efficiency",
        purpose="What a unit of money spent brings in",
        formula="Σ amount won ÷ spend",
        numerator="amounts of deals won in the window",
        denominator=SPENT,
        unit="ratio",
        source="S92; amounts won, not recurring revenue added as in the magic number",
        needs=("is_won", "amount_home"),
        parts=PARTS,
        also=("efficiency", "magic number", "return on spend"),
        answer=sales_efficiency,
    ),
    spent(
        id="payback_months",
        title="Payback in months",
        purpose="How long a won deal takes to bring in what winning it cost",
        formula="(spend ÷ deals won) ÷ (Σ amount won ÷ deals won with an amount ÷ 12)",
        numerator="customer_acquisition_cost: " + SPENT + ", divided by the deals won",
        denominator="average_won_value ÷ 12: a month's share of a year's amount",
        unit="months",
        source="S92; assumes that an amount is one year's revenue, that it comes in evenly, that its margin is 100 % "
        "and that nobody leaves",
        needs=("is_won", "amount_home"),
        parts=PARTS,
        also=("payback", "cac payback"),
        answer=payback_months,
    ),
)
