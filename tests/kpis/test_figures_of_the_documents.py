"""Sentences of the documents that do not hold, and the figure that is right (rows N of the checklist)."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest

from tests.kpis.fixtures import TODAY, deal, pipeline, value_of

SOON = date(2026, 12, 15)


def covered(amount, target):
    """Coverage of the quarter by one open deal of this amount."""
    wide = pipeline([deal(amount=amount, close_date=SOON)])
    targets = pl.DataFrame({"period": ["2026-Q4"], "amount": [Decimal(target)]})
    return value_of(wide, "pipeline_coverage", targets=targets)


def won_in(days, count=1, **facts):
    made = TODAY - timedelta(days=days)
    return [deal("won", 1000, created=made, closed_on=TODAY, close_date=TODAY, **facts)] * count


@pytest.mark.parametrize(("amount", "target"), [(1_200_000, 400_000), (1_500_000, 500_000)])
def test_n7_three_to_one_is_coverage_a_ratio_and_no_velocity(amount, target):
    value = covered(amount, target)
    assert (value.value, value.unit) == (3, "ratio")
    velocity = value_of(pipeline(won_in(90)), "pipeline_velocity_closed_per_day")
    assert velocity.unit.endswith("/day")


def test_n7_85_days_against_70_are_21_percent_more_which_is_over_the_limit_of_20():
    groups = value_of(
        pipeline([*won_in(85, segment="now"), *won_in(70, segment="before")]), "days_to_win_mean", by="segment"
    )
    longer = Fraction(groups["now"].value) / groups["before"].value - 1
    assert longer == Fraction(3, 14)
    assert longer > Fraction(20, 100)


def test_n8_the_example_of_9000_days_over_50_wins_fails_its_own_limit_of_90_days():
    value = value_of(pipeline(won_in(180, count=50)), "days_to_win_mean")
    assert (value.numerator, value.denominator, value.value) == (9000, 50, 180)
    assert value.value > 90


@pytest.mark.parametrize(("won", "lost_share"), [(22, Fraction(78, 100)), (35, Fraction(65, 100))])
def test_n10_a_risk_of_loss_of_30_percent_is_better_than_what_all_deals_have(won, lost_share):
    rate = value_of(pipeline([deal("won")] * won + [deal("lost")] * (100 - won)), "win_rate_closed")
    assert 1 - rate.value == lost_share
    assert lost_share > Fraction(30, 100)


def test_n18_at_two_and_a_half_to_one_a_pipeline_that_is_all_won_is_250_percent_of_the_target():
    value = covered(250, 100)
    assert value.value == Fraction(5, 2)
    all_won = value_of(pipeline([deal("won", 250, closed_on=TODAY)]), "average_won_value")
    assert all_won.value / Fraction(value.denominator) == Fraction(5, 2)
