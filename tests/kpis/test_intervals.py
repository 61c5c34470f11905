"""Intervals: what holds the true share or median with 95 %."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from kpis.intervals import median_interval, median_parts, share_interval, share_parts, wilson


@pytest.mark.parametrize(("hits", "of"), [(0, 5), (3, 10), (10, 10), (64, 182), (1, 1)])
def test_the_interval_of_a_share_is_scipys_wilson(hits, of):
    expected = binomtest(hits, of).proportion_ci(0.95, method="wilson")
    assert wilson(hits, of) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_of_nothing_there_is_no_interval():
    assert wilson(0, 0) is None


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3000))
def test_the_median_lies_between_its_bounds_with_at_least_95_percent(n):
    row = pl.DataFrame({"x": range(n)}).select(**median_parts(pl.col("x"))).row(0, named=True)
    found = median_interval(row)
    if found is None:
        assert n < 6
        return
    rank = found[0] + 1
    assert found[1] == n - rank
    assert 1 - 2 * binom.cdf(rank - 1, n, 0.5) >= 0.95
    assert 1 - 2 * binom.cdf(rank + 1, n, 0.5) < 0.95


def interval_of(parts, wholes):
    frame = pl.DataFrame({"part": parts, "whole": wholes}, schema={"part": pl.Float64, "whole": pl.Float64})
    return share_interval(frame.select(**share_parts(pl.col("part"), pl.col("whole"))).row(0, named=True))


def test_the_interval_of_a_share_by_value_does_not_hang_on_the_order_of_the_deals():
    parts, wholes = [0, 5, 0, 7, 2, 0], [3, 5, 4, 7, 2, 9]
    assert interval_of(parts, wholes) == interval_of(parts[::-1], wholes[::-1])


def test_beyond_two_hundred_deals_the_linearised_interval_goes_on_where_the_bootstrap_ends():
    wholes = [1 + place % 7 for place in range(202)]
    parts = [whole if place % 3 else 0 for place, whole in enumerate(wholes)]
    drawn, computed = interval_of(parts[:200], wholes[:200]), interval_of(parts, wholes)
    assert computed == pytest.approx(drawn, abs=0.015)


@pytest.mark.parametrize(("parts", "wholes"), [([], []), ([5], [5]), ([0, 0], [0, 0])])
def test_one_deal_or_no_money_has_no_interval_by_value(parts, wholes):
    assert interval_of(parts, wholes) is None
