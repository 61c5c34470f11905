"""The open pipeline: what it is worth, and whether it is enough."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.window import Window
from model.errors import SettingsProblem
from tests.kpis.fixtures import deal, pipeline, value_of

SOON = date(2026, 12, 15)
money = st.decimals(0, 10**11, places=6)


def targets(*rows):
    return pl.DataFrame(
        rows, schema=["owner", "team", "period", "amount", "currency"], orient="row", infer_schema_length=None
    )


def test_three_million_open_for_a_target_of_one_is_three_to_one():
    wide = pipeline([deal(amount=1_500_000, close_date=SOON), deal(amount=1_500_000, close_date=SOON)])
    coverage = value_of(
        wide, "pipeline_coverage", targets=targets((None, None, "2026-Q4", "1000000", "USD")), currency="USD"
    )
    assert (coverage.value, coverage.numerator, coverage.denominator) == (3, 3_000_000, 1_000_000)
    assert (coverage.unit, coverage.window, coverage.n) == ("ratio", "2026-Q4", 2)


def test_a_million_and_a_half_for_a_quota_of_half_a_million_is_three_times():
    wide = pipeline([deal(amount=1_500_000, close_date=SOON)])
    assert (
        value_of(
            wide,
            "pipeline_coverage",
            targets=targets((None, None, "2026-11", "500000", None), (None, None, "2026-Q4", "500000", None)),
        ).value
        == 3
    )


def test_without_a_target_coverage_is_unknown_and_never_zero():
    coverage = value_of(pipeline([deal(amount=5, close_date=SOON)]), "pipeline_coverage")
    assert (coverage.value, coverage.why) == (None, "no target")
    assert coverage.json()["value"] is None


def test_only_deals_that_close_in_the_targets_period_cover_it():
    wide = pipeline([
        deal(amount=10, close_date=SOON), deal(amount=20, close_date=date(2027, 1, 1)), deal(amount=40),
        deal(amount=80, close_date=date(2026, 10, 1)), deal("won", amount=160, close_date=SOON),
    ])  # fmt: skip
    coverage = value_of(wide, "pipeline_coverage", targets=targets((None, None, "2026-Q4", "45", None)))
    assert (coverage.numerator, coverage.value) == (90, 2)
    assert coverage.why == "1 open deal without a close date left out"


def test_owners_teams_and_everybody_have_their_own_targets():
    wide = pipeline([
        deal(amount=30, close_date=SOON, owner="Ann", team="West"),
        deal(amount=50, close_date=SOON, owner="Bob", team="East"),
    ])  # fmt: skip
    goals = targets(("Ann", "West", "2026-Q4", "10", None), ("Cid", "West", "2026-Q4", "20", None))
    by_owner = value_of(wide, "pipeline_coverage", "owner", targets=goals)
    assert {owner: value.value for owner, value in by_owner.items()} == {"Ann": 3, "Bob": None, "Cid": 0}
    assert by_owner["Bob"].why == "no target"
    assert value_of(wide, "pipeline_coverage", "team", targets=goals)["West"].value == 1
    assert value_of(wide, "pipeline_coverage", targets=goals).denominator == 30


def test_the_whole_has_its_own_target_before_the_teams_and_theirs_before_the_owners():
    rows = [
        ("Ann", "West", "2026-Q4", "1", None),
        (None, "West", "2026-Q4", "20", None),
        (None, None, "2026-Q4", "300", None),
    ]
    wide = pipeline([deal(amount=30, close_date=SOON, owner="Ann", team="West")])
    assert [value_of(wide, "pipeline_coverage", targets=targets(*rows[:last])).denominator for last in (1, 2, 3)] == [
        1,
        20,
        300,
    ]
    assert value_of(wide, "pipeline_coverage", "team", targets=targets(*rows))["West"].denominator == 20


def test_targets_in_another_currency_are_not_compared():
    goals = targets((None, None, "2026-Q4", "10", "EUR"))
    coverage = value_of(
        pipeline([deal(amount=30, close_date=SOON)]), "pipeline_coverage", targets=goals, currency="USD"
    )
    assert (coverage.value, coverage.why) == (None, "targets and pipeline are in unlike currencies: EUR, USD")


def test_a_target_of_another_quarter_is_no_target_of_this_one():
    coverage = value_of(pipeline([deal()]), "pipeline_coverage", targets=targets((None, None, "2027-Q1", "10", None)))
    assert (coverage.value, coverage.why) == (
        None,
        "no target for 2026-Q4, FY2026-Q4, 2026-11, 2026, FY2026; the targets are for 2027-Q1",
    )


def test_by_window_year_the_years_target_goes_first():
    goals = targets((None, None, "2026-Q4", "10", None), (None, None, "2026", "60", None))
    wide = pipeline([deal(amount=30, close_date=SOON)])
    assert value_of(wide, "pipeline_coverage", targets=goals, window=Window("year")).value == Decimal("0.5")


def test_targets_that_cannot_be_read_say_what_to_write():
    with pytest.raises(SettingsProblem, match="Period 'Q4' of the targets is none; write 2026-Q4"):
        value_of(pipeline([deal()]), "pipeline_coverage", targets=targets((None, None, "Q4", "10", None)))
    with pytest.raises(SettingsProblem, match="no column amount"):
        value_of(pipeline([deal()]), "pipeline_coverage", targets=pl.DataFrame({"period": ["2026"]}))


def test_deals_without_an_amount_at_home_are_left_out_and_counted():
    wide = pipeline([deal(amount=100), deal(), deal(amount=900, amount_home__known=False), deal("lost", amount=7)])
    value = value_of(wide, "pipeline_value", currency="EUR")
    assert (value.value, value.n, value.unit) == (100, 1, "EUR")
    assert value.why == "2 open deals without an amount at home left out"


def test_a_pipeline_of_which_no_deal_has_an_amount_is_unknown_and_an_empty_one_is_worth_nothing():
    unknown = value_of(pipeline([deal(close_date=SOON)]), "pipeline_value")
    assert (unknown.value, unknown.why) == (None, "1 open deal without an amount at home left out")
    assert value_of(pipeline([deal("won", amount=5)]), "pipeline_value").value == 0
    goals = targets((None, None, "2026-Q4", "10", None))
    assert value_of(pipeline([deal(close_date=SOON)]), "pipeline_coverage", targets=goals).value is None
    assert value_of(pipeline([deal("won", amount=5)]), "pipeline_coverage", targets=goals).value == 0


@settings(deadline=None)
@given(st.lists(money, min_size=1, max_size=20))
def test_money_adds_up_exactly(amounts):
    assert value_of(pipeline([deal(amount=amount) for amount in amounts]), "pipeline_value").value == sum(amounts)


@settings(deadline=None)
@given(st.lists(st.tuples(money, st.integers(0, 100)), min_size=1, max_size=20))
def test_weighting_multiplies_exactly(rows):
    wide = pipeline([deal(amount=amount, probability=percent / 100) for amount, percent in rows])
    exact = sum(amount * percent for amount, percent in rows) / Decimal(100)
    assert value_of(wide, "pipeline_value_weighted").value == exact


def test_groups_add_up_to_the_whole_and_the_nameless_are_one_of_them():
    wide = pipeline([deal(amount=1, owner="Ann"), deal(amount=2, owner="Ann"), deal(amount=4)])
    groups = value_of(wide, "pipeline_value", "owner")
    assert {owner: value.value for owner, value in groups.items()} == {"Ann": 3, None: 4}


def test_the_pipeline_by_month_goes_by_close_date():
    wide = pipeline([deal(amount=1, close_date=SOON), deal(amount=2, close_date=date(2027, 1, 3))])
    assert {at: value.value for at, value in value_of(wide, "pipeline_value", "month").items()} == {
        "2026-12": 1,
        "2027-01": 2,
    }
    assert set(value_of(wide, "pipeline_value", "quarter")) == {"2026-Q4", "2027-Q1"}
