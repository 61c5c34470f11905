"""The age of open deals, and what they owe to their stage's weight."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from kpis.measure import measure
from kpis.populations import Source, rows_of
from kpis.question import Question
from model.process import Process
from tests.kpis.fixtures import PROCESS, TODAY, deal, pipeline, value_of, walk

WEIGHTS = {"discovery": 1, "qualified": 2, "proposal": 3, "negotiation": Decimal("4.5")}
WEIGHTED = Process("sales", tuple(replace(stage, weight=WEIGHTS.get(stage.id)) for stage in PROCESS.stages))


def aged(days, amount=None, **facts):
    return deal(amount=amount, created=TODAY - timedelta(days=days), **facts)


def weighted(wide, kpi):
    rows = rows_of([Source(wide, processes=(WEIGHTED,))])
    return next(value for value in measure(rows, Question()) if value.id == kpi)


@pytest.mark.parametrize(
    ("bucket", "count", "value"),
    [("0_to_30", 2, 3), ("31_to_60", 2, 12), ("61_to_90", 2, 48), ("over_90", 1, 64)],
)
def test_the_buckets_begin_and_end_at_30_60_and_90_days(bucket, count, value):
    amounts = dict(zip((0, 30, 31, 60, 61, 90, 91), (1, 2, 4, 8, 16, 32, 64), strict=True))
    wide = pipeline([*(aged(days, amount) for days, amount in amounts.items()), deal(amount=5), deal("won", 9)])
    share = value_of(wide, f"open_deals_age_{bucket}_share")
    assert (share.value, share.denominator, share.why) == (
        Fraction(count, 7), 7, "1 open deal without a day of creation left out"
    )  # fmt: skip
    assert value_of(wide, f"open_deals_age_{bucket}_share_by_value").value == Fraction(value, 127)


def test_open_deals_and_what_one_is_worth():
    wide = pipeline([deal(amount=10), deal(amount=20), deal(), deal("lost", 99)])
    assert value_of(wide, "open_deals").value == 3
    average = value_of(wide, "average_open_value")
    assert (average.value, average.n, average.why) == (15, 2, "1 open deal without an amount at home left out")


def test_a_deal_is_aged_beyond_one_and_a_half_medians_of_its_stage():
    since = {"stage": "qualified", "stage_since": TODAY - timedelta(days=45)}
    late = {"stage": "qualified", "stage_since": TODAY - timedelta(days=46)}
    moves = walk(0, [("qualified", 0), ("proposal", 30)])
    wide = pipeline([deal("won"), deal(**since), deal(**late), deal(stage="discovery", stage_since=TODAY)], moves)
    share = value_of(wide, "open_deals_aged_share")
    assert (share.numerator, share.denominator) == (1, 2)
    assert share.why == "1 open deal in a stage that no deal has left in the window left out"


def staged(stage, amount, days=10, chance=0.5):
    return deal(amount=amount, stage=stage, stage_since=TODAY - timedelta(days=days), probability=chance)


def test_without_weights_weighted_velocity_says_where_to_write_them():
    wide = pipeline([staged("proposal", 10)])
    for kpi in ("stage_weighted_velocity_1", "stage_weighted_velocity_2"):
        value = value_of(wide, kpi)
        assert (value.value, "set `weight` of the stages in the process file" in value.why) == (None, True)


def test_the_first_form_divides_by_the_stages_and_the_second_multiplies_by_conversion():
    moves = [*walk(0, [("proposal", 0), ("won", 4)]), *walk(1, [("proposal", 0), ("lost", 4)])]
    wide = pipeline(
        [deal("won"), deal("lost"), staged("proposal", 100), staged("proposal", 50), staged("evaluation", 7)], moves
    )
    first, second = (weighted(wide, f"stage_weighted_velocity_{form}") for form in (1, 2))
    assert (first.numerator, first.denominator, first.value) == (450, 5, 90)
    assert first.why == "1 open deal in a stage without a weight left out"
    assert second.value == 225


def test_the_third_form_divides_expected_value_by_the_days_in_the_stage():
    wide = pipeline(
        [staged("proposal", 100), staged("proposal", 60, days=3, chance=0.25), staged("proposal", 9, days=0)]
    )
    value = value_of(wide, "stage_velocity_probability")
    assert (value.value, value.n, value.why) == (10, 2, "1 open deal that entered its stage today left out")


@pytest.mark.parametrize(("won", "lost", "days", "expected"), [(50, 0, 180, 180), (100, 60, 50, 80)])
def test_days_in_the_funnel_are_those_of_all_closed_deals_over_the_won_ones(won, lost, days, expected):
    end = date(2026, 11, 1)
    facts = {"created": end - timedelta(days=days), "closed_on": end, "close_date": end}
    wide = pipeline([deal("won", **facts)] * won + [deal("lost", **facts)] * lost)
    value = value_of(wide, "days_in_funnel_per_won_deal")
    assert (value.value, value.numerator, value.denominator) == (expected, days * (won + lost), won)
    assert value_of(wide, "days_to_win_mean").value == days
