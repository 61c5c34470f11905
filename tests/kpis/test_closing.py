"""Closed deals: the scoreboard and its speed."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from kpis.window import Window
from model.errors import SettingsProblem
from tests.kpis.fixtures import TODAY, deal, pipeline, value_of

OPENED = date(2026, 1, 1)


def won(days, amount=1000, **facts):
    return deal("won", amount, created=OPENED, closed_on=OPENED + timedelta(days=days), **facts)


def test_nine_thousand_days_over_fifty_won_deals_is_180_days():
    wide = pipeline([*(won(180 + place % 2 * 20 - 10) for place in range(50)), *(deal("lost", created=OPENED),) * 30])
    days = value_of(wide, "days_to_win_mean")
    assert (days.value, days.numerator, days.denominator, days.n) == (180, 9000, 50, 50)


def test_eight_thousand_days_over_a_hundred_won_deals_is_80_days():
    assert value_of(pipeline([won(80) for _ in range(100)]), "days_to_win_mean").value == 80


def test_the_median_is_not_the_mean():
    wide = pipeline([won(10), won(20), won(300)])
    assert value_of(wide, "days_to_win_median").value == 20
    assert value_of(wide, "days_to_win_mean").value == 110


def test_where_history_has_no_closing_day_the_close_date_stands_in():
    wide = pipeline(
        [
            won(10, close_date=OPENED + timedelta(days=99)),
            deal("won", 1, created=OPENED, close_date=OPENED + timedelta(days=30)),
        ]
    )
    assert value_of(wide, "days_to_win_mean").value == 20


def test_a_won_deal_without_its_days_is_left_out_and_counted():
    days = value_of(pipeline([won(10), deal("won", 5)]), "days_to_win_mean")
    assert (days.value, days.n, days.why) == (10, 1, "1 won deal without a day of creation or close left out")


def test_the_win_rate_counts_closed_deals_only():
    rate = value_of(pipeline([won(1), deal("lost"), deal("lost"), deal("lost"), deal(), deal()]), "win_rate_closed")
    assert (rate.value, rate.numerator, rate.denominator, rate.n) == (Decimal("0.25"), 1, 4, 4)


def test_by_value_the_win_rate_weighs_deals_and_tells_of_lost_ones_at_zero():
    rate = value_of(
        pipeline([won(1, 300), deal("lost", 700), deal("lost", 0), deal("lost")]), "win_rate_closed_by_value"
    )
    assert (rate.value, rate.n) == (Decimal("0.3"), 3)
    assert rate.why == "1 closed deal without an amount at home left out; 1 of 3 lost deals at the amount 0"


def test_velocity_is_count_times_rate_times_value_over_days():
    wide = pipeline([won(50, 10_000), won(50, 30_000), deal("lost"), deal("lost"), *(deal() for _ in range(10))])
    velocity = value_of(wide, "pipeline_velocity_open_per_day", currency="USD")
    assert velocity.value == 10 * Decimal("0.5") * 20_000 / 50
    assert (velocity.unit, velocity.n) == ("USD/day", 10)
    assert value_of(wide, "pipeline_velocity_closed_per_day").value == 4 * Decimal("0.5") * 20_000 / 50


def test_from_90_to_70_days_velocity_rises_by_28_6_percent_and_not_by_15():
    slow, fast = (value_of(pipeline([won(days), deal()]), "pipeline_velocity_open_per_day").value for days in (90, 70))
    assert round(fast / slow - 1, 3) == Decimal("0.286")


def test_velocity_is_divided_once_at_the_end():
    wide = pipeline([won(7, "0.01"), won(7, "0.02"), won(7, "0.02"), *(deal("lost"),) * 4, deal()])
    assert value_of(wide, "pipeline_velocity_open_per_day").value == Decimal("0.001020")  # 1 × 3/7 × 0.05/3 ÷ 7


@pytest.mark.parametrize(
    ("deals", "why"),
    [
        ([deal()], "no deal closed in the window"),
        ([deal(), deal("lost", 5)], "no deal with an amount won in the window"),
        ([deal("won", 5)], "no won deal has a day of creation and of close"),
        ([won(0)], "won deals took no day on average"),
    ],
)
def test_where_velocity_has_no_value_it_says_why(deals, why):
    velocity = value_of(pipeline(deals), "pipeline_velocity_open_per_day")
    assert (velocity.value, velocity.why) == (None, why)


@pytest.mark.parametrize(
    ("window", "count"), [("all", 5), ("90d", 2), ("quarter", 2), ("year", 4), ("83d", 2), ("82d", 1), ("1d", 0)]
)
def test_a_window_is_laid_on_the_day_of_closing(window, count):
    closed = [TODAY - timedelta(days=days) for days in (82, 40)] + [
        date(2026, 1, 1),
        date(2025, 12, 31),
        date(2026, 6, 1),
    ]
    wide = pipeline([deal("won", 1, created=OPENED, closed_on=day) for day in closed])
    expected = {"quarter": 1}.get(window, count)
    assert value_of(wide, "win_rate_closed", window=Window(window)).n == expected


def test_the_day_of_as_of_is_in_the_window_and_the_next_is_not():
    days = [TODAY, TODAY + timedelta(days=1)]
    wide = pipeline([deal("won", 1, created=OPENED, closed_on=day) for day in days])
    assert [value_of(wide, "win_rate_closed", window=Window(name)).n for name in ("1d", "quarter", "all")] == [1, 1, 2]


@pytest.mark.parametrize("word", ["90", "0d", "month", "-5d", "d"])
def test_a_window_that_is_none_is_refused(word):
    with pytest.raises(SettingsProblem, match="is no window; say all, quarter, year, or days as 90d"):
        Window(word)


def test_win_rates_by_month_go_by_the_month_of_closing():
    wide = pipeline([won(1), won(40), deal("lost", closed_on=date(2026, 1, 20))])
    assert {at: rate.value for at, rate in value_of(wide, "win_rate_closed", "month").items()} == {
        "2026-01": Decimal("0.5"), "2026-02": 1,
    }  # fmt: skip
