"""Win rates have four denominators: closed deals, all created, those that reached Proposal; and the close rate."""

from datetime import date

import polars as pl
import pytest

from kpis.window import Window
from model.wide import Wide
from tests.kpis.fixtures import deal, pipeline, value_of, walk

SPRING, FALL = date(2026, 3, 1), date(2026, 10, 5)


def made(state="open", amount=None, on=FALL, **facts):
    closed = {} if state == "open" else {"closed_on": date(2026, 11, 1), "close_date": date(2026, 11, 1)}
    return deal(state, amount, created=on, **closed, **facts)


def test_won_of_all_created_counts_open_deals_below_and_closing_counts_both_ends():
    wide = pipeline([made("won", 10), made("lost", 20), *[made(amount=30)] * 2, made("won", 99, on=SPRING)])
    found = {
        kpi: value_of(wide, kpi, window=Window("90d"))
        for kpi in ("win_rate_created", "opportunity_to_close_rate", "win_rate_closed")
    }
    assert [(one.numerator, one.denominator) for one in found.values()] == [(1, 4), (2, 4), (2, 3)]
    assert found["win_rate_created"].answer.interval[0] < 0.25 < found["win_rate_created"].answer.interval[1]
    by_value = value_of(wide, "win_rate_created_by_value", window=Window("90d"))
    assert (by_value.numerator, by_value.denominator, by_value.n) == (10, 90, 4)
    assert value_of(wide, "opportunity_to_close_rate_by_value", window=Window("90d")).numerator == 30


def test_deals_created_closed_and_deals_without_a_day_of_creation_are_in_no_cohort():
    imported = deal("won", 5, created=FALL, close_date=date(2025, 1, 1))
    value = value_of(pipeline([made("lost"), imported, made(on=None)]), "win_rate_created", window=Window("90d"))
    assert (value.numerator, value.denominator) == (0, 1)
    assert value.why == "1 deal created closed left out; 1 deal without a day of creation left out"


def proposals():
    """Won after Proposal; lost after it; open past it; lost before it; won from Discovery at once."""
    paths = (
        (("discovery", 0), ("proposal", 9), ("won", 5)), (("discovery", 0), ("proposal", 9), ("lost", 5)),
        (("discovery", 0), ("negotiation", 20)), (("discovery", 0), ("qualified", 3), ("lost", 3)),
        (("discovery", 0), ("won", 40)),
    )  # fmt: skip
    states = ("won", "lost", "open", "lost", "won")
    moves = [move for key, steps in enumerate(paths) for move in walk(key, steps)]
    return pipeline([made(state, 100 * (key + 1)) for key, state in enumerate(states)], moves)


def test_the_win_rate_of_proposals_counts_who_reached_proposal_or_went_past_it():
    value = value_of(proposals(), "win_rate_proposal")
    assert (value.numerator, value.denominator, value.why) == (2, 4, "")
    by_value = value_of(proposals(), "win_rate_proposal_by_value")
    assert (by_value.numerator, by_value.denominator) == (600, 1100)


def test_its_cohort_is_that_of_the_day_on_which_deals_first_reached_proposal():
    months = value_of(proposals(), "win_rate_proposal", by="month")
    assert {month: (value.numerator, value.denominator) for month, value in months.items() if month} == {
        "2026-01": (1, 3), "2026-02": (1, 1)
    }  # fmt: skip
    assert value_of(proposals(), "win_rate_proposal", window=Window("2026-02")).denominator == 1


def test_a_process_without_the_stage_proposal_has_no_such_rate_and_its_deals_are_counted():
    wide = proposals()
    elsewhere = pl.when(pl.col("key") == 0).then(pl.lit("other")).otherwise("process")
    value = value_of(Wide(wide.frame.with_columns(process=elsewhere), wide.as_of, wide.moves), "win_rate_proposal")
    assert (value.denominator, value.why) == (3, "1 deal in a process without a stage `proposal` left out")


def test_a_lost_deal_of_which_no_stage_is_known_may_have_reached_it():
    value = value_of(pipeline([made("won"), made("lost")]), "win_rate_proposal")
    assert (value.denominator, value.why) == (1, "1 deal of unknown stages left out")


@pytest.mark.parametrize("kpi", ["win_rate_created", "win_rate_proposal", "opportunity_to_close_rate"])
def test_without_deals_there_is_no_rate(kpi):
    value = value_of(pipeline([made()]), kpi, window=Window("2025"))
    assert (value.value, bool(value.why)) == (None, True)
