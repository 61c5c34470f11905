"""Whether a stage means the same to all reps: shares at entry, and when a difference is one."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.rules.entry_evidence import FEWEST, by_owner, mark_untrusted, p_value, stages

NAMES = {"u1": "Ann", "u2": "Bob", "u3": "Cyd"}
TITLES = {"deals/evaluation/criteria": "Evaluation criteria known", "deals/evaluation/budget": "Budget confirmed"}
CRITERION, OTHER = TITLES


def entered(*reps, criterion=CRITERION):
    """(owner, true, false, unknown) each."""
    rows = [
        ("deals", "evaluation", criterion, owner, met)
        for owner, yes, no, dark in reps
        for met in [True] * yes + [False] * no + [None] * dark
    ]
    schema = {
        "process": pl.String,
        "stage": pl.String,
        "criterion": pl.String,
        "owner_id": pl.String,
        "met": pl.Boolean,
    }
    return pl.DataFrame(rows, schema, orient="row")


def stage_of(*frames):
    (stage,) = stages(by_owner(pl.concat(frames)), NAMES, TITLES)
    return stage


def test_two_reps_with_ninety_and_twenty_percent_make_a_stage_untrusted():
    stage = stage_of(entered(("u1", 9, 1, 0), ("u2", 2, 8, 0)))
    assert not stage["trusted"]
    assert (
        stage["why"] == "'Evaluation criteria known' held at entry on 9 of 10 deals of Ann, and on 2 of 10 deals of Bob"
    )
    (criterion,) = stage["criteria"]
    assert criterion["p_value"] == pytest.approx(0.005477, abs=1e-6)  # Fisher's exact test, by hand
    assert criterion["share"] == pytest.approx(0.55)
    assert [(one["owner"], one["share"]) for one in criterion["owners"]] == [("Ann", 0.9), ("Bob", 0.2)]


@pytest.mark.parametrize(
    "reps",
    [
        (("u1", 9, 1, 0), ("u2", 8, 2, 0)),
        (("u1", FEWEST - 1, 0, 0), ("u2", 0, 10, 0)),
        (("u1", 9, 1, 0), ("u2", 0, 0, 20)),
        (("u1", 9, 1, 0), (None, 0, 10, 0)),
        (("u1", 9, 1, 0),),
        (("u1", 3, 2, 0), ("u2", 1, 4, 0)),
        (("u1", 600, 400, 0), ("u2", 400, 600, 0)),
        (("u1", 9, 0, 0), ("u2", 9, 0, 0)),
    ],
    ids=["alike", "too few", "unknown", "deals of nobody", "one rep", "by chance", "not far apart", "always true"],
)
def test_what_is_no_difference_leaves_the_stage_trusted(reps):
    stage = stage_of(entered(*reps))
    assert (stage["trusted"], stage["why"]) == (True, None)


def test_unknown_entries_are_counted_apart_and_belong_to_no_share():
    criterion = stage_of(entered(("u1", 3, 1, 6)))["criteria"][0]
    assert (criterion["known"], criterion["met"], criterion["unknown"], criterion["share"]) == (4, 3, 6, 0.75)
    assert criterion["p_value"] is None
    assert stage_of(entered(("u1", 0, 0, 2)))["criteria"][0]["share"] is None


def test_the_more_criteria_are_compared_the_surer_one_must_be():
    one = entered(("u1", 7, 1, 0), ("u2", 2, 6, 0))
    assert 0.025 < stage_of(one)["criteria"][0]["p_value"] <= 0.05
    assert not stage_of(one)["trusted"]
    assert stage_of(one, entered(("u1", 5, 3, 0), ("u2", 4, 4, 0), criterion=OTHER))["trusted"]
    assert not stage_of(one, entered(("u1", 4, 0, 0), ("u2", 4, 4, 0), criterion=OTHER))["trusted"]


def test_three_reps_are_compared_at_once():
    assert not stage_of(entered(("u1", 9, 1, 0), ("u2", 9, 1, 0), ("u3", 2, 8, 0)))["trusted"]
    assert stage_of(entered(("u1", 5, 5, 0), ("u2", 6, 4, 0), ("u3", 4, 6, 0)))["trusted"]
    # Pearson: (90-60)²/60·… over 3 reps of 100, expected 60 and 40 each
    assert p_value([100, 100, 100], [90, 60, 30]) == pytest.approx(5.2e-17, rel=0.05)


@given(st.lists(st.tuples(st.integers(5, 12), st.integers(0, 5)), min_size=2, max_size=4))
def test_the_order_of_reps_does_not_matter_and_the_same_counts_give_the_same_answer(reps):
    known, met = [n for n, _ in reps], [yes for _, yes in reps]
    again = p_value(known, met)
    assert 0 <= again <= 1
    assert p_value(known, met) == again
    assert p_value(known[::-1], met[::-1]) == pytest.approx(again, abs=0.03)
    assert p_value(known, [n - yes for n, yes in reps]) == pytest.approx(again, abs=0.03)


def test_the_conversion_of_an_untrusted_stage_says_so_and_no_other_kpi_does():
    untrusted = [
        {"process": "sales", "stage": "evaluation", "trusted": False, "why": "reps differ"},
        {"process": "sales", "stage": "proposal", "trusted": True, "why": None},
    ]
    here = {"process": "sales", "stage": "evaluation"}
    rows = [
        {"id": "stage_conversion_ever", "dims": here, "value": 0.5},
        {"id": "stage_conversion_next", "dims": {**here, "owner": "Ann"}, "value": None, "why": "no deal"},
        {"id": "stage_conversion_ever", "dims": {"process": "sales", "stage": "proposal"}, "value": 0.5},
        {"id": "stage_conversion_ever", "dims": {}, "value": 0.5},
        {"id": "days_in_stage_median", "dims": here, "value": 5},
    ]
    ever, following, *others = mark_untrusted(rows, untrusted)
    assert ever == {**rows[0], "trusted": False, "why": "UNTRUSTED: reps differ"}
    assert following["why"] == "no deal; UNTRUSTED: reps differ"
    assert others == rows[2:]


def test_a_stage_of_the_same_name_in_another_process_stays_trusted():
    untrusted = [{"process": "sales", "stage": "discovery", "trusted": False, "why": "reps differ"}]
    rows = [
        {"id": "stage_conversion_ever", "dims": {"process": process, "stage": "discovery"}, "value": 0.5}
        for process in ("sales", "renewals")
    ]
    assert ["trusted" in row for row in mark_untrusted(rows, untrusted)] == [True, False]
