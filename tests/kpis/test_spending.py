"""What a won deal costs: the spend of a table against the deals won in the same window."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from kpis.spend import SPEND
from kpis.window import Window
from tests.kpis.fixtures import deal, pipeline, value_of

Q3, AUGUST = Window("2026-Q3"), date(2026, 8, 10)
WON = [deal("won", amount=amount, closed_on=AUGUST, source=source) for amount, source in ((600, "Ads"), (1800, "Fair"))]
KPIS = ("customer_acquisition_cost", "sales_efficiency", "payback_months")


def spend(*rows):
    """Rows of period, amount and perhaps channel, in euros."""
    return pl.DataFrame(
        [{"period": row[0], "amount": Decimal(row[1]), "currency": "EUR", "channel": (*row, None)[2]} for row in rows],
        schema=SPEND,
    )


MONTHS = spend(("2026-07", 100), ("2026-08", 200), ("2026-09", 300), ("2026-10", 999))


def of(kpi, table, deals=WON, window=Q3, currency="EUR", **asked):
    return value_of(pipeline(deals), kpi, window=window, spend=table, currency=currency, **asked)


def test_spend_of_the_windows_periods_is_set_against_the_deals_won_in_it():
    assert [of(kpi, MONTHS).value for kpi in KPIS] == [300, 4, 3]


@pytest.mark.parametrize("window", ["2026-08-15..2026-09-30", "90d", "2026-Q4", "2026-Q2"])
@pytest.mark.parametrize("kpi", KPIS)
def test_a_window_that_the_periods_do_not_fill_has_no_value(kpi, window):
    value = of(kpi, MONTHS, window=Window(window))
    assert value.value is None
    assert "does not fill" in value.why


def test_a_window_without_an_end_has_no_value():
    assert of("sales_efficiency", MONTHS, window=Window("all")).why.startswith("spend needs a window of days")


def test_a_month_and_its_quarter_are_not_added():
    assert of("sales_efficiency", spend(("2026-Q3", 600), ("2026-07", 100))).value is None


def test_without_a_table_the_reason_is_given():
    assert (of("payback_months", None).value, of("payback_months", None).why) == (None, "no spend table")


@pytest.mark.parametrize("currency", ["USD", None])
def test_unlike_currencies_are_not_compared(currency):
    value = of("customer_acquisition_cost", MONTHS, currency=currency)
    assert value.value is None
    assert value.why.startswith("spend and pipeline are in unlike currencies: EUR, ")


def test_a_channel_is_compared_with_the_deals_of_its_source():
    table = spend(("2026-Q3", 300, "Ads"), ("2026-Q3", 900, "Fair"), ("2026-Q3", 50, "Mail"))
    sources = of("sales_efficiency", table, [*WON, deal(source="Web")], by="source")
    assert {source: value.value for source, value in sources.items()} == {"Ads": 2, "Fair": 2, "Web": None}
    assert sources["Web"].why == "no spend is given for the channel Web"
    assert of("customer_acquisition_cost", table).value == 625


def test_a_channel_that_lacks_a_month_leaves_the_whole_unsaid():
    table = spend(("2026-07", 1, "Ads"), ("2026-08", 1, "Ads"), ("2026-Q3", 2, "Fair"))
    assert of("customer_acquisition_cost", table).why == (
        "the spend of the channel Ads does not fill 2026-07-01 to 2026-09-30 with whole periods, each day once; "
        "it has no line for 2026-09"
    )


def test_won_deals_without_an_amount_cost_and_bring_in_nothing_that_is_known():
    deals = [*WON, deal("won", closed_on=AUGUST)]
    assert [of(kpi, MONTHS, deals).value for kpi in KPIS] == [200, 4, 2]
    assert of("payback_months", MONTHS, deals).why == "1 won deal without an amount at home left out"


def test_no_won_deal_has_no_cost():
    assert of("customer_acquisition_cost", MONTHS, [deal()]).why == "no deal won in the window"
