"""Activities per rep and week: who was there, for how long, and what they logged."""

from datetime import date, timedelta
from fractions import Fraction

from kpis.window import Window
from tests.kpis.fixtures import deal, pipeline, value_of

TWO_WEEKS = Window("2026-11-02..2026-11-15")
MONDAY = date(2026, 11, 2)


def touch(owner, kind="call", day=0, team="West"):
    return 0, MONDAY + timedelta(days=day), kind, owner, team


NOBODYS = (deal(),)


def of(kpi, touches, deals=NOBODYS, **asked):
    return value_of(pipeline(deals), kpi, touches=touches, **{"window": TWO_WEEKS, **asked})


def test_touches_are_divided_by_reps_and_weeks():
    value = of("calls_per_rep_week", [*[touch("Ann")] * 6, *[touch("Bob")] * 2, touch("Bob", "meeting")])
    assert (value.value, value.numerator, value.denominator) == (2, 8, 4)


def test_each_kind_is_counted_apart_and_all_together():
    touches = [touch("Ann"), touch("Ann", "meeting"), touch("Ann", "mail"), touch("Ann", "note"), touch("Ann", "task")]
    kpis = ("calls", "meetings", "emails", "activities")
    assert [of(f"{kind}_per_rep_week", touches).numerator for kind in kpis] == [1, 1, 1, 5]


def test_a_rep_with_an_open_deal_who_logs_nothing_counts_as_a_rep():
    deals = [deal(owner="Cid", team="East"), deal("won", owner="Dee", team="East")]
    value = of("calls_per_rep_week", [touch("Ann")] * 4, deals)
    assert (value.value, value.denominator) == (1, 4)
    owners = of("calls_per_rep_week", [touch("Ann")] * 4, deals, by="owner")
    assert {owner: value.value for owner, value in owners.items()} == {"Ann": 2, "Cid": 0}
    teams = of("calls_per_rep_week", [touch("Ann")] * 4, deals, by="team")
    assert {team: value.value for team, value in teams.items()} == {"West": 2, "East": 0}


def test_each_month_is_divided_by_its_own_days():
    window = Window("2026-10-26..2026-11-15")
    touches = [touch("Ann", day=-7), touch("Ann"), touch("Ann", day=1)]
    months = of("calls_per_rep_week", touches, by="month", window=window)
    assert {month: value.value for month, value in months.items()} == {
        "2026-10": Fraction(7, 6), "2026-11": Fraction(14, 15),
    }  # fmt: skip


def test_days_before_the_earliest_touch_known_are_no_days_without_activity():
    value = of("calls_per_rep_week", [touch("Ann", day=7)])
    assert (value.value, value.denominator) == (1, 1)
    assert value.why == "from 9 Nov 2026, the day of the earliest touch known"


def test_touches_of_nobody_are_left_out_and_counted():
    value = of("calls_per_rep_week", [touch("Ann"), touch(None)])
    assert (value.numerator, value.why) == (1, "1 touch without a known owner left out")


def test_where_activities_are_not_read_nothing_is_said_about_reps():
    value = of("calls_per_rep_week", None, [deal(owner="Ann")])
    assert (value.value, value.why) == (None, "no activity is known, or the activities were not read lately")


def test_a_week_needs_a_window_and_is_of_the_last_year_where_none_is_asked_for():
    assert of("calls_per_rep_week", [touch("Ann")], window=Window("all")).why == (
        "a rate per week needs a window of days, as 365d or 2026-Q3"
    )
    assert of("calls_per_rep_week", [touch("Ann")], window=None).window == "365d"
