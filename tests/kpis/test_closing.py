"""Closed deals: the scoreboard and its speed."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from kpis.measure import measure
from kpis.populations import Source, rows_of
from kpis.question import Question
from kpis.window import Window
from model.errors import SettingsProblem
from tests.kpis.fixtures import TODAY, deal, pipeline, value_of, walk

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
    assert (rate.value, rate.numerator, rate.denominator, rate.n) == (Fraction("0.25"), 1, 4, 4)


def test_by_value_the_win_rate_weighs_deals_and_tells_of_lost_ones_at_zero():
    rate = value_of(
        pipeline([won(1, 300), deal("lost", 700), deal("lost", 0), deal("lost")]), "win_rate_closed_by_value"
    )
    assert (rate.value, rate.n) == (Fraction("0.3"), 3)
    assert rate.why == "1 closed deal without an amount at home left out; 1 of 3 lost deals at the amount 0"


YEAR = Window("365d")
CLOSED = {"close_date": TODAY, "created": OPENED}


def test_velocity_of_the_open_deals_is_count_times_rate_times_value_over_days():
    lost = deal("lost", **CLOSED)
    wide = pipeline([won(50, 10_000), won(50, 30_000), lost, lost, *(deal() for _ in range(10))])
    velocity = value_of(wide, "pipeline_velocity_open_per_day", currency="USD")
    assert (velocity.value, velocity.unit, velocity.n) == (10 * Fraction(1, 2) * 20_000 / 50, "USD/day", 10)
    assert (velocity.window, velocity.first, velocity.last) == ("365d", date(2025, 11, 23), TODAY)


def test_from_90_to_70_days_velocity_rises_by_28_6_percent_and_not_by_15():
    slow, fast = (value_of(pipeline([won(days), deal()]), "pipeline_velocity_open_per_day").value for days in (90, 70))
    assert round(float(fast / slow - 1), 3) == 0.286


def test_velocity_is_divided_once_at_the_end():
    wide = pipeline([won(7, "0.01"), won(7, "0.02"), won(7, "0.02"), *(deal("lost", **CLOSED),) * 4, deal()])
    assert value_of(wide, "pipeline_velocity_open_per_day").value == Fraction(1, 980)  # 1 × 3/7 × 0.05/3 ÷ 7


def test_the_value_won_per_day_is_what_was_won_over_the_days_of_the_window():
    wide = pipeline([won(0, 100), won(300, 630), deal("lost", 5, **CLOSED), deal("won", 5, created=date(2020, 1, 1))])
    velocity = value_of(wide, "pipeline_velocity_closed_per_day", window=Window("90d"))
    assert (velocity.value, velocity.numerator, velocity.denominator) == (7, 630, 90)


def test_a_window_that_begins_before_the_earliest_deal_known_is_shortened_and_says_so():
    wide = pipeline([deal("won", 220, created=date(2026, 11, 1), closed_on=TODAY)])
    velocity = value_of(wide, "pipeline_velocity_closed_per_day")
    assert (velocity.value, velocity.denominator) == (10, 22)
    assert velocity.why == "over 22 days, because the earliest deal known is of 1 Nov 2026"


def test_a_rate_per_day_over_all_time_is_refused():
    velocity = value_of(pipeline([won(5)]), "pipeline_velocity_closed_per_day", window=Window("all"))
    assert (velocity.value, velocity.why) == (None, "a rate per day needs a window of days, as 365d or 2026-Q3")


@pytest.mark.parametrize(
    ("deals", "why"),
    [
        ([deal()], "no deal closed in the window"),
        ([deal(), deal("lost", 5, **CLOSED)], "no deal with an amount won in the window"),
        ([deal("won", 5, close_date=TODAY)], "no won deal has a day of creation and of close"),
        ([won(0)], "won deals took no day on average"),
    ],
)
def test_where_velocity_has_no_value_it_says_why(deals, why):
    velocity = value_of(pipeline(deals), "pipeline_velocity_open_per_day")
    assert (velocity.value, velocity.why) == (None, why)


def imported(**facts):
    """A deal that a migration created and closed within a minute; it really closed on 1 May."""
    return deal("won", 900, created=TODAY, closed_on=TODAY, close_date=date(2026, 5, 1), **facts)


def moves_of_import(key):
    return walk(key, [("negotiation", 0), ("won", 1 / 1440)], start=datetime(2026, 11, 22, 8, tzinfo=UTC))


def test_a_deal_created_closed_is_won_on_its_close_date_and_has_no_cycle():
    wide = pipeline([imported(), won(30, 100)], moves_of_import(0))
    assert value_of(wide, "win_rate_closed", "month")["2026-05"].n == 1
    days = value_of(wide, "days_to_win_mean")
    assert (days.value, days.n, days.why) == (30, 1, "1 won deal created closed left out")
    assert value_of(wide, "average_won_value").value == 500
    velocity = value_of(wide, "pipeline_velocity_closed_per_day")
    assert (velocity.numerator, velocity.why.split("; ")[0]) == (100, "1 closed deal created closed left out")


def test_a_deal_that_closed_before_it_was_created_has_no_cycle_either():
    wide = pipeline([deal("won", 5, created=TODAY, close_date=OPENED), won(30)])
    assert value_of(wide, "days_to_win_mean").value == 30


def test_who_knows_better_counts_deals_created_closed():
    rows = rows_of([Source(pipeline([imported()], moves_of_import(0)), count_imported=True)])
    days = next(value for value in measure(rows, Question()) if value.id == "days_to_win_mean")
    assert (days.value, days.why) == (0, "")


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


def test_a_window_ends_on_the_day_in_the_connections_zone_though_an_owner_is_a_day_ahead():
    yesterday = TODAY - timedelta(days=1)
    wide = pipeline([deal("won", 60, created=OPENED, closed_on=day) for day in (yesterday, TODAY)])
    rows = rows_of([Source(wide, today=yesterday)])
    won = {value.id: value for value in measure(rows, Question(window=Window("quarter")))}
    per_day = won["pipeline_velocity_closed_per_day"]
    assert (per_day.numerator, per_day.denominator, per_day.last) == (60, 52, yesterday)


@pytest.mark.parametrize("word", ["90", "0d", "month", "-5d", "d"])
def test_a_window_that_is_none_is_refused(word):
    with pytest.raises(SettingsProblem, match="is no window; say all, quarter, year, fiscal_quarter"):
        Window(word)


def test_win_rates_by_month_go_by_the_month_of_closing():
    wide = pipeline([won(1), won(40), deal("lost", closed_on=date(2026, 1, 20))])
    assert {at: rate.value for at, rate in value_of(wide, "win_rate_closed", "month").items()} == {
        "2026-01": Fraction("0.5"), "2026-02": 1,
    }  # fmt: skip
