"""Days in stage: of visits that are over, until half have left, and until half have gone on."""

from datetime import timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kpis.fixtures import AS_OF, pipeline, value_of, walk

MEDIAN, LEAVE, ADVANCE = "days_in_stage_median", "days_in_stage_median_km", "days_to_advance_half"
ENDS = {"on": "evaluation", "skip": "proposal", "won": "won", "lost": "lost", "back": "discovery"}
FORWARD = {"on", "skip", "won"}


def stayed(*stays):
    """A deal a stay in Qualified: the days it was there up to as_of or its end, and how it ended, or "open"."""
    moves = []
    for key, (days, end) in enumerate(stays):
        start = AS_OF - timedelta(days=days)
        moves += walk(key, [("qualified", 0), *([] if end == "open" else [(ENDS[end], days)])], start=start)
    return pipeline(moves=moves, keys=len(stays))


def in_qualified(kpi, *stays):
    return value_of(stayed(*stays), kpi, "stage")["qualified"]


def test_days_are_of_86_400_seconds():
    assert in_qualified(MEDIAN, (1.5, "on")).value == Fraction("1.5")


def test_deals_that_are_stuck_lengthen_kaplan_meier_and_not_the_plain_median():
    stays = [(10, "on"), (20, "on"), (30, "on"), (300, "open"), (300, "open")]
    assert in_qualified(MEDIAN, *stays).value == 20
    assert in_qualified(LEAVE, *stays).value == 30


def test_where_under_half_are_seen_to_leave_there_is_no_kaplan_meier_median():
    value = in_qualified(LEAVE, (3, "on"), (300, "open"), (300, "open"))
    assert (value.value, value.n, value.why) == (None, 3, "under half of the visits are seen to end")


def test_losses_and_backward_moves_end_a_visit_and_are_no_censoring():
    stays = [(10, "lost"), (20, "back"), (30, "on"), (40, "lost"), (50, "on")]
    assert in_qualified(LEAVE, *stays).value == 30
    assert in_qualified(ADVANCE, *stays).value is None


def test_half_of_all_that_entered_had_gone_on_by_the_day_counted_by_hand():
    # 8 enter: 4 are left after day 10 (1 gone on), of whom 3 go on by day 30: 4/8
    stays = [(5, "on"), (6, "lost"), (7, "back"), (10, "lost"), (15, "on"), (20, "won"), (30, "skip"), (90, "lost")]
    assert in_qualified(ADVANCE, *stays).value == 30


def test_an_open_visit_is_shared_out_among_those_who_stay_longer():
    # day 10: 1/4 gone on; one censored at 15; then 2 of 2 carry (1 - 1/4) ÷ 2 each: 1/4 + 3/8 = 5/8 by day 20
    value = in_qualified(ADVANCE, (10, "on"), (15, "open"), (20, "on"), (25, "lost"))
    assert value.value == 20


def test_all_ends_of_one_day_come_together_and_before_the_censored():
    stays = [(10, "lost"), (10, "on"), (10, "open"), (10, "on"), (10, "lost"), (20, "on")]
    for order in (stays, stays[::-1], stays[3:] + stays[:3]):
        # day 10: 2 of 6 gone on, 4 of 6 left; the one after it carries the remaining third
        assert in_qualified(ADVANCE, *order).value == 20
        assert in_qualified(LEAVE, *order).value == 10


def test_where_half_never_go_on_the_reason_counts_how_they_ended():
    value = in_qualified(
        ADVANCE, (9, "on"), (9, "lost"), (9, "back"), (9, "lost"), (12, "on"), (15, "lost"), (20, "open")
    )
    why = "half never go on: 2 of 7 visits went on, 4 ended otherwise, 1 still open"
    assert (value.value, value.n, value.why) == (None, 7, why)


def test_where_half_may_still_go_on_the_reason_does_not_say_never():
    value = in_qualified(ADVANCE, (9, "on"), (12, "open"), (15, "open"))
    why = "half have not gone on: 1 of 3 visits went on, 0 ended otherwise, 2 still open"
    assert (value.value, value.why) == (None, why)


stays_of = st.lists(
    st.tuples(st.integers(1, 30), st.sampled_from(["on", "won", "lost", "back", "open"])), min_size=1, max_size=40
)


def test_the_time_to_leave_has_no_interval_without_its_upper_end_and_says_so():
    value = in_qualified(LEAVE, (3, "on"), (5, "lost"), (300, "open"))
    why = "no interval, because too few visits have ended for its upper end"
    assert (value.value, value.answer.interval, value.why) == (5, None, why)


@settings(max_examples=30, deadline=None)
@given(stays_of)
def test_the_interval_of_the_time_to_leave_is_that_of_lifelines(stays):
    import pandas as pd
    from lifelines import KaplanMeierFitter

    days, left = zip(*((days, end != "open") for days, end in stays), strict=True)
    fitted = KaplanMeierFitter().fit(days, left)
    some_stay = fitted.survival_function_["KM_estimate"] > 1e-9  # where nobody does, an error of zero is no certainty
    bounds = fitted.confidence_interval_[some_stay]
    ends = [curve.index[curve <= 0.5].min() for _, curve in bounds.items()]  # NaN where it never is
    own = in_qualified(LEAVE, *stays).answer.interval
    if (bounds - 0.5).abs().min().min() > 1e-9:
        assert own == (tuple(ends) if pd.notna(ends).all() else None)


@settings(max_examples=40, deadline=None)
@given(stays_of)
def test_time_to_leave_agrees_with_lifelines(stays):
    from lifelines import KaplanMeierFitter  # half a second of pandas and scipy that other tests do not need

    days, left = zip(*((days, end != "open") for days, end in stays), strict=True)
    fitted = KaplanMeierFitter().fit(days, left)
    own = in_qualified(LEAVE, *stays).value
    if abs(fitted.survival_function_["KM_estimate"] - 0.5).min() > 1e-9:
        assert (float("inf") if own is None else own) == fitted.median_survival_time_


@settings(max_examples=40, deadline=None)
@given(stays_of.filter(lambda stays: {end in FORWARD for _, end in stays if end != "open"} == {True, False}))
def test_time_to_advance_agrees_with_scikit_survival(stays):
    import numpy as np
    from sksurv.nonparametric import cumulative_incidence_competing_risks  # wants both ways to leave

    kinds = np.array([0 if end == "open" else 1 if end in FORWARD else 2 for _, end in stays])
    days, (_, gone, _) = cumulative_incidence_competing_risks(kinds, np.array([float(days) for days, _ in stays]))
    own = in_qualified(ADVANCE, *stays).value
    if abs(gone - 0.5).min() > 1e-9:
        assert own == (days[gone >= 0.5][0] if (gone >= 0.5).any() else None)


@settings(max_examples=20, deadline=None)
@given(stays_of.map(lambda stays: [(days, end if end in FORWARD else "open") for days, end in stays]))
def test_where_nothing_competes_half_have_gone_on_when_half_have_left(stays):
    assert in_qualified(ADVANCE, *stays).value == in_qualified(LEAVE, *stays).value
