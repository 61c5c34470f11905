"""Stages: conversion by cohort and days in stage."""

from datetime import UTC, datetime
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.window import Window
from tests.kpis.fixtures import AS_OF, STAGES, pipeline, value_of, values_of, walk

CONVERSIONS = (
    "stage_conversion_ever", "stage_conversion_next", "stage_conversion_first_move", "stage_conversion_resolved",
    "stage_conversion_resolved_visits",
)  # fmt: skip
DAYS = (9, 14, 41, 12, 11)
ENTERED = (400, 280, 182, 64, 42, 27)


def cohort(*stages_reached, end="lost"):
    """One deal a list: it walks through these stages and is then lost, or stays."""
    return [
        row
        for key, stages in enumerate(stages_reached)
        for row in walk(key, [*((stage, 5) for stage in stages), *([(end, 5)] if end and stages[-1] != "won" else [])])
    ]


def worked_table():
    """The worked table of the leak loop: 400 deals enter, 27 are won, the rest are lost where they stand."""
    moves = []
    for key in range(400):
        reached = sum(key < entered for entered in ENTERED)
        steps = [(STAGES[place], DAYS[place - 1] if place else 0) for place in range(reached)]
        moves += walk(key, steps if reached == len(STAGES) else [*steps, ("lost", DAYS[reached - 1])])
    return pipeline(moves=moves, keys=400)


@pytest.mark.parametrize("kpi", CONVERSIONS)
def test_a_hundred_in_qualification_of_whom_forty_go_on_is_40_percent(kpi):
    moves = cohort(*[("qualified", "evaluation")] * 40, *[("qualified",)] * 60)
    value = value_of(pipeline(moves=moves, keys=100), kpi, "stage")["qualified"]
    assert (value.value, value.numerator, value.denominator) == (Fraction("0.4"), 40, 100)


@pytest.mark.parametrize("kpi", CONVERSIONS)
def test_the_worked_table_gives_its_own_rates(kpi):
    rates = value_of(worked_table(), kpi, "stage")
    rounded = {stage: round(rate.value * 100, 1) for stage, rate in rates.items()}
    assert rounded == dict(zip(STAGES, map(Fraction, ("70.0", "65.0", "35.2", "65.6", "64.3")), strict=False))


def test_the_worked_table_gives_its_own_medians_and_they_are_no_cycle():
    medians = {stage: value.value for stage, value in value_of(worked_table(), "days_in_stage_median", "stage").items()}
    assert medians == dict(zip(STAGES, DAYS, strict=False))
    assert sum(medians.values()) == 87


def test_a_deal_that_goes_back_and_on_again_counts_ever_but_not_at_first():
    wide = pipeline(moves=cohort(("evaluation", "qualified", "evaluation", "proposal")), keys=1)
    by_stage = {kpi: value_of(wide, kpi, "stage")["evaluation"] for kpi in CONVERSIONS}
    assert [by_stage[kpi].value for kpi in CONVERSIONS] == [1, 1, 0, 1, Fraction("0.5")]
    assert [by_stage[kpi].n for kpi in CONVERSIONS] == [1, 1, 1, 1, 2]


def test_a_skip_is_a_way_forward_and_the_skipped_stage_was_not_entered():
    wide = pipeline(moves=cohort(("discovery", "proposal", "won")), keys=1)
    rates = value_of(wide, "stage_conversion_first_move", "stage")
    assert {stage: rate.value for stage, rate in rates.items()} == {"discovery": 1, "proposal": 1}


def test_a_skipped_stage_was_not_reached_and_the_reason_counts_the_skip():
    skips = [("discovery", "proposal", "won"), ("discovery", "evaluation"), ("discovery", "qualified", "evaluation")]
    wide = pipeline(moves=cohort(*skips), keys=3)
    following, ever = (value_of(wide, kpi, "stage")["discovery"] for kpi in CONVERSIONS[1::-1])
    assert (following.value, ever.value) == (Fraction(1, 3), 1)
    assert following.why == "2 deals reached a later stage and skipped the next one"


def test_a_deal_that_skips_a_stage_and_comes_back_to_it_reached_it():
    wide = pipeline(moves=cohort(("discovery", "evaluation", "qualified")), keys=1)
    assert value_of(wide, "stage_conversion_next", "stage")["discovery"].value == 1


def test_a_stage_reached_before_was_not_reached_from_here():
    wide = pipeline(moves=cohort(("qualified", "discovery")), keys=1)
    assert value_of(wide, "stage_conversion_next", "stage")["discovery"].value == 0


def test_the_stage_after_the_last_open_one_is_won():
    wide = pipeline(moves=cohort(("negotiation", "won"), ("negotiation",), ("proposal", "won")), keys=3)
    rates = value_of(wide, "stage_conversion_next", "stage")
    assert {stage: rate.value for stage, rate in rates.items()} == {"negotiation": Fraction(1, 2), "proposal": 0}


def test_deals_still_in_the_stage_are_counted_with_the_others_and_named():
    wide = pipeline(moves=[*cohort(("qualified", "evaluation"), ("qualified",)), *walk(2, [("qualified", 0)])], keys=3)
    for kpi in CONVERSIONS[:3]:
        value = value_of(wide, kpi, "stage")["qualified"]
        assert (value.value, value.why) == (Fraction(1, 3), "1 deal of 3 still in the stage")
    resolved = value_of(wide, "stage_conversion_resolved", "stage")["qualified"]
    assert (resolved.value, resolved.why) == (Fraction(1, 2), "1 deal that never left the stage left out")


def test_a_deal_that_came_back_to_a_stage_is_resolved_once():
    moves = cohort(("qualified", "evaluation", "qualified", "discovery"), ("qualified", "discovery"))
    value = value_of(pipeline(moves=moves, keys=2), "stage_conversion_resolved", "stage")["qualified"]
    assert (value.value, value.n) == (Fraction(1, 2), 2)


@pytest.mark.parametrize("kpi", [*CONVERSIONS, "days_to_advance_half"])
def test_without_a_stage_there_is_no_conversion(kpi):
    value = value_of(worked_table(), kpi)
    assert (value.value, value.why) == (None, "ask by stage")


def test_two_processes_with_a_stage_of_one_name_are_two_rows():
    moves = cohort(("discovery", "qualified"), ("discovery",))
    moves = [move | {"process": "renewals"} if move["key"] else move for move in moves]
    found = [one for one in values_of(pipeline(moves=moves, keys=2), by=[("stage",)]) if one.id == CONVERSIONS[0]]
    rates = {(one.dims["process"], one.dims["stage"]): one.value for one in found if one.dims}
    assert rates == {("sales", "discovery"): 1, ("sales", "qualified"): 0, ("renewals", "discovery"): 0}


def test_a_lost_deal_that_comes_back_and_goes_on_went_on_in_the_end():
    moves = walk(0, [("qualified", 0), ("lost", 5), ("qualified", 30), ("evaluation", 5)])
    wide = pipeline(moves=moves, keys=1)
    assert value_of(wide, "stage_conversion_ever", "stage")["qualified"].value == 1
    assert value_of(wide, "stage_conversion_first_move", "stage")["qualified"].value == 0


def test_open_deals_count_as_entered_but_are_not_resolved():
    moves = cohort(("qualified", "evaluation"), ("qualified",), end=None)
    wide = pipeline(moves=moves, keys=2)
    assert value_of(wide, "stage_conversion_ever", "stage")["qualified"].value == Fraction("0.5")
    assert value_of(wide, "stage_conversion_resolved_visits", "stage")["qualified"].value == 1
    still = value_of(wide, "stage_conversion_resolved_visits", "stage")["evaluation"]
    assert (still.value, still.why) == (None, "no visit to a stage has ended")


def test_a_deal_created_as_won_never_visited_a_stage():
    wide = pipeline(moves=[*walk(0, [("won", 0)]), *walk(1, [("negotiation", 0), ("won", 3)])], keys=2)
    assert set(value_of(wide, "stage_conversion_ever", "stage")) == {"negotiation"}


def test_moves_of_our_own_are_not_there():
    moves = walk(0, [("qualified", 0), ("evaluation", 5), ("lost", 5)])
    moves[1]["ours"] = True
    rate = value_of(pipeline(moves=moves, keys=1), "stage_conversion_ever", "stage")
    assert {stage: value.value for stage, value in rate.items()} == {"qualified": 0}


def test_a_cohort_is_of_those_who_entered_in_the_window():
    moves = [
        *walk(0, [("qualified", 0), ("evaluation", 5)], start=datetime(2026, 11, 1, tzinfo=UTC)),
        *walk(1, [("qualified", 0), ("lost", 5)], start=datetime(2026, 3, 1, tzinfo=UTC)),
    ]
    wide = pipeline(moves=moves, keys=2)
    assert value_of(wide, "stage_conversion_ever", "stage", Window("90d"))["qualified"].value == 1
    by_quarter = values_of(wide, by=[("stage", "quarter")])
    found = {value.dims["quarter"]: value.value for value in by_quarter if value.id == CONVERSIONS[0] and value.dims}
    assert found["2026-Q1"] == 0


def test_without_stage_history_stage_figures_are_null_with_the_reason():
    value = value_of(pipeline(keys=1, dormant=["stage_since"]), "stage_conversion_ever")
    assert (value.value, value.why) == (None, "nothing is mapped for stage_since")


def test_an_empty_pipeline_has_values_that_say_why():
    assert value_of(pipeline(), "stage_conversion_ever").why == "ask by stage"
    assert value_of(pipeline(), "days_in_stage_median_km").n == 0
    assert pipeline().frame.schema["as_of_date"] == pl.Date
    assert AS_OF.tzinfo is UTC


def counted_by_hand(walks, kpi):
    """Numerator and denominator of a conversion by stage, one deal and one move at a time."""
    by_visit, count = kpi == "stage_conversion_resolved_visits", {}
    for steps in walks:
        places = [-1 if stage == "lost" else STAGES.index(stage) for stage in steps]
        for at, (stage, place) in enumerate(zip(steps, places, strict=True)):
            after = places[at + 1 :]
            if stage in {"lost", "won"} or (not by_visit and stage in steps[:at]):
                continue
            if not after and "resolved" in kpi:
                continue
            yes = {
                "stage_conversion_ever": any(other > place for other in after),
                "stage_conversion_next": place + 1 in after,
                "stage_conversion_first_move": after[:1] > [place],
                "stage_conversion_resolved": any(other > place for other in after),
                "stage_conversion_resolved_visits": after[:1] > [place],
            }[kpi]
            found = count.setdefault(stage, [0, 0])
            found[0] += yes
            found[1] += 1
    return count


histories = st.lists(
    st.lists(st.sampled_from([*STAGES, "lost"]), min_size=1, max_size=7)
    .map(lambda steps: [stage for at, stage in enumerate(steps) if not at or stage != steps[at - 1]])
    .filter(lambda steps: steps[0] not in {"lost", "won"}),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(histories, st.sampled_from(CONVERSIONS))
def test_any_history_with_recycling_and_reopening_is_counted_as_by_hand(walks, kpi):
    moves = [row for key, steps in enumerate(walks) for row in walk(key, [(stage, 3) for stage in steps])]
    found = value_of(pipeline(moves=moves, keys=len(walks)), kpi, "stage")
    counted = {stage: [value.numerator, value.denominator] for stage, value in found.items() if value.denominator}
    assert counted == counted_by_hand(walks, kpi)
