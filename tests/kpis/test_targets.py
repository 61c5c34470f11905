"""Coverage and attainment: only deals of those who have a target, over those targets."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from kpis.window import Window
from tests.kpis.fixtures import deal, pipeline, value_of
from tests.kpis.test_pipeline import SOON, targets

DONE = date(2026, 11, 3)
ANN, BOB, CID = ({"owner": owner, "team": team} for owner, team in (("Ann", "West"), ("Bob", "West"), ("Cid", "East")))
REMAINING, ATTAINED, REACHED = "pipeline_coverage_remaining", "quota_attainment", "quota_attainment_share"


def org():
    """Due in the quarter: Ann 300, Bob 500, Cid 700. Won in it: Ann 60, Bob 90; before it: Ann 1,000."""
    return pipeline([
        *(deal(amount=amount, close_date=SOON, **who) for amount, who in ((300, ANN), (500, BOB), (700, CID))),
        *(deal("won", amount, closed_on=DONE, **who) for amount, who in ((60, ANN), (90, BOB))),
        deal("won", 1000, closed_on=date(2026, 9, 30), **ANN),
    ])  # fmt: skip


def quarter(*rows):
    return targets(*((owner, team, "2026-Q4", amount, None) for owner, team, amount in rows))


def test_the_deals_of_those_without_a_target_do_not_cover_the_target_of_another():
    coverage = value_of(org(), "pipeline_coverage", targets=quarter(("Ann", None, "100")))
    assert (coverage.numerator, coverage.denominator, coverage.value) == (300, 100, 3)
    assert coverage.why == "2 open deals of owners and teams without a target left out"


def test_a_teams_target_is_covered_by_the_deals_of_its_people():
    coverage = value_of(org(), "pipeline_coverage", targets=quarter((None, "West", "400")))
    assert (coverage.numerator, coverage.value) == (800, 2)
    assert coverage.why == "1 open deal of owners and teams without a target left out"


def test_a_team_counts_only_those_of_its_people_who_have_a_target_where_it_has_none_itself():
    goals = quarter(("Ann", "West", "100"), ("Cid", "East", "70"))
    by_team = value_of(org(), "pipeline_coverage", "team", targets=goals)
    assert {team: (value.numerator, value.value) for team, value in by_team.items()} == {
        "West": (300, 3), "East": (700, 10)
    }  # fmt: skip


def test_the_whole_is_what_teams_and_owners_of_other_teams_have():
    goals = quarter((None, "West", "400"), ("Ann", "West", "100"), ("Cid", "East", "100"))
    coverage = value_of(org(), "pipeline_coverage", targets=goals)
    assert (coverage.numerator, coverage.denominator) == (1500, 500)


def test_a_deal_of_unknown_owner_is_left_out_where_owners_have_targets():
    wide = org()
    known = wide.frame["owner"] != "Ann"
    wide = type(wide)(wide.frame.with_columns(owner__known=known), wide.as_of, wide.moves)
    coverage = value_of(wide, "pipeline_coverage", targets=quarter(("Bob", None, "100")))
    assert coverage.value == 5
    assert "1 open deal of unknown owner or team left out" in coverage.why


def test_remaining_coverage_is_over_what_is_still_missing():
    goals = quarter(("Ann", "West", "160"), ("Bob", "West", "90"))
    by_owner = value_of(org(), REMAINING, "owner", targets=goals)
    assert (by_owner["Ann"].numerator, by_owner["Ann"].denominator, by_owner["Ann"].value) == (300, 100, 3)
    assert (by_owner["Bob"].value, by_owner["Bob"].why) == (None, "the target is reached")
    assert value_of(org(), REMAINING, targets=goals).value == 8


def test_attainment_is_what_was_won_in_the_period_over_its_target():
    goals = quarter(("Ann", "West", "120"), ("Bob", "West", "90"))
    by_owner = value_of(org(), ATTAINED, "owner", targets=goals)
    assert (by_owner["Ann"].value, by_owner["Bob"].value) == (Decimal("0.5"), 1)
    assert value_of(org(), ATTAINED, "team", targets=goals)["West"].value == Fraction(150, 210)


def test_the_share_of_reps_who_reach_their_quota_is_another_number():
    goals = quarter(("Ann", "West", "120"), ("Bob", "West", "90"), ("Dan", "East", "10"))
    share = value_of(org(), REACHED, targets=goals)
    assert (share.numerator, share.denominator, share.unit) == (1, 3, "share")
    by_team = value_of(org(), REACHED, "team", targets=goals)
    assert {team: value.value for team, value in by_team.items()} == {"West": Decimal("0.5"), "East": 0}


def test_a_rep_whose_quota_deals_without_an_amount_may_decide_is_left_out():
    wide = pipeline([deal("won", 60, closed_on=DONE, **ANN), deal("won", None, closed_on=DONE, **ANN)])
    share = value_of(wide, REACHED, targets=quarter(("Ann", "West", "100"), ("Bob", "West", "1")))
    assert (share.numerator, share.denominator) == (0, 1)
    assert share.why == "1 rep who may have reached it with deals of unknown amount or state left out"
    assert value_of(wide, REACHED, targets=quarter(("Ann", "West", "50"))).value == 1


def test_a_window_that_is_a_period_asks_for_its_targets():
    goals = targets(("Ann", None, "2026-Q4", "1", None), ("Ann", None, "2026-Q3", "2000", None))
    assert value_of(org(), ATTAINED, targets=goals, window=Window("2026-Q3")).value == Decimal("0.5")
    none = value_of(org(), ATTAINED, targets=goals, window=Window("2026-Q2"))
    assert (none.value, none.why) == (None, "no target for 2026-Q2; the targets are for 2026-Q3, 2026-Q4")


def test_a_target_of_a_month_is_not_counted_beside_those_of_its_quarter_and_the_note_says_so():
    goals = targets(
        ("Ann", None, "2026-Q4", "100", None), *[(one, None, "2026-11", "9", None) for one in ("Ann", "Bob")]
    )
    coverage = value_of(org(), "pipeline_coverage", targets=goals)
    assert coverage.denominator == 100
    assert coverage.why.endswith("1 target for 2026-11 not counted beside those for 2026-Q4")


@pytest.mark.parametrize("window", [None, Window("90d"), Window("quarter"), Window("2026-Q4")])
def test_the_note_about_other_targets_is_the_same_in_every_window_that_asks_for_the_same_period(window):
    goals = targets(("Ann", None, "2026-Q4", "100", None), ("Bob", None, "2026-11", "9", None))
    coverage = value_of(org(), "pipeline_coverage", targets=goals, window=window)
    assert coverage.why.endswith("1 target for 2026-11 not counted beside those for 2026-Q4")


@pytest.mark.parametrize(("period", "due"), [("2026-Q4", 0), ("FY2027-Q4", 100)])
def test_a_quarter_is_the_calendars_and_with_fy_the_fiscal_one(period, due):
    wide = pipeline([deal(amount=100, close_date=date(2027, 1, 20)), deal(amount=100, close_date=date(2027, 2, 20))])
    goals = targets((None, None, period, "1000", None))
    coverage = value_of(wide, "pipeline_coverage", targets=goals, fiscal_year_starts=2)
    said = "2026-Q4 is the calendar's, 1 Oct 2026 to 31 Dec 2026; write FY for fiscal periods"
    assert (coverage.numerator, coverage.why) == (due, said if due == 0 else "")


def test_break_even_coverage_is_one_over_the_win_rate_by_value_of_each_segment():
    deals = [deal("won", 100, segment="SMB"), deal("lost", 300, segment="SMB"), deal("won", 50, segment="ENT")]
    found = value_of(pipeline(deals), "pipeline_coverage_break_even", "segment")
    assert {segment: value.value for segment, value in found.items()} == {"SMB": 4, "ENT": 1}
    lost = value_of(pipeline([deal("lost", 5)]), "pipeline_coverage_break_even")
    assert (lost.value, lost.why) == (None, "no money won in the window")


def test_targets_without_a_deal_stand_in_the_order_of_their_names():
    names = [f"Rep {letter}" for letter in "HCAFDBGE"]
    found = value_of(pipeline([deal()]), ATTAINED, by="owner", targets=quarter(*((name, None, 10) for name in names)))
    assert [name for name in found if name] == sorted(names)
