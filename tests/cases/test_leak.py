"""Document 000's table (S96) as an event log: a report of deals and one of moves, run as a connection.

Nothing in it is open, skipped or re-opened, and those who are lost leave a stage by the same times as those who go on.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest
import time_machine

from worker.cli import main

STAGES = ("discovery", "qualified", "evaluation", "proposal", "negotiation")
ENTERED = (400, 280, 182, 64, 42)
WON = 27
RATES = (Fraction(7, 10), Fraction(65, 100), Fraction(64, 182), Fraction(42, 64), Fraction(27, 42))
MEDIANS = (9, 14, 41, 12, 11)
CONVERSIONS = ("ever", "next", "first_move", "resolved", "resolved_visits")


def asked(folder, *words):
    """The answer of a command in JSON."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), pytest.raises(SystemExit) as ended:
        main(["--config", str(folder / "sluicegate.toml"), *words, "--json"])
    assert ended.value.code == 0
    return json.loads(printed.getvalue())


@pytest.fixture(scope="module")
def leak(tmp_path_factory):
    """The connection after its first run, when the last deal was closed."""
    folder = tmp_path_factory.mktemp("leak") / "leak"
    shutil.copytree(Path(__file__).parent / "leak", folder)
    with time_machine.travel(datetime(2025, 8, 31, 12, tzinfo=UTC)):
        asked(folder, "run", "leak")
        yield folder


@pytest.fixture(scope="module")
def by_stage(leak):
    """The values of all KPIs, by id and stage; those over all deals are of stage None."""
    values = asked(leak, "kpis", "leak", "--by", "stage")["kpis"]
    return {(value["id"], value["dims"].get("stage")): value for value in values}


def in_order(by_stage, kpi):
    return [by_stage[kpi, stage]["value"] for stage in STAGES]


@pytest.mark.parametrize("kind", CONVERSIONS)
def test_each_conversion_has_the_rates_of_the_table(by_stage, kind):
    assert in_order(by_stage, f"stage_conversion_{kind}") == [float(rate) for rate in RATES]
    assert [by_stage[f"stage_conversion_{kind}", stage]["denominator"] for stage in STAGES] == list(ENTERED)


@pytest.mark.parametrize("kpi", ["days_in_stage_median", "days_in_stage_median_km"])
def test_the_medians_are_those_of_the_table_and_evaluation_takes_41_days_and_not_117(by_stage, kpi):
    assert in_order(by_stage, kpi) == pytest.approx(MEDIANS, abs=1e-9)


def test_half_of_those_in_evaluation_never_go_on(by_stage):
    value = by_stage["days_to_advance_half", "evaluation"]
    why = "half never go on: 64 of 182 visits went on, 118 ended otherwise, 0 still open"
    assert (value["value"], value["n"], value["why"]) == (None, 182, why)
    others = [by_stage["days_to_advance_half", stage]["value"] for stage in STAGES if stage != "evaluation"]
    assert all(days > 9 for days in others)


def test_the_limit_of_evaluation_is_about_41_days_and_not_117(leak):
    (found,) = [one for one in asked(leak, "calibrate", "leak")["medians"] if one["stage"] == "evaluation"]
    assert (found["limit_before"], found["limit_from"]) == (None, "calibration")
    assert 30 < found["limit"] < 50, "of the visits of the last twelve months"


def test_n1_the_rates_are_right_and_the_medians_of_stages_do_not_add_up_to_the_median_cycle(by_stage):
    rates = in_order(by_stage, "stage_conversion_next")
    assert [round(100 * rate, 1) for rate in rates] == [70.0, 65.0, 35.2, 65.6, 64.3]
    assert by_stage["win_rate_closed", None]["value"] == 0.0675
    assert sum(in_order(by_stage, "days_in_stage_median")) == pytest.approx(87)
    assert by_stage["days_to_win_median", None]["value"] == 110


def test_n3_no_win_rate_of_the_table_is_19_percent(by_stage):
    won = by_stage["stage_conversion_next", "negotiation"]["numerator"]
    rates = {stage: won / by_stage["stage_conversion_next", stage]["denominator"] for stage in STAGES}
    percents = {stage: round(100 * rate, 1) for stage, rate in rates.items()}
    assert percents == {
        "discovery": 6.8, "qualified": 9.6, "evaluation": 14.8, "proposal": 42.2, "negotiation": 64.3,
    }  # fmt: skip
    lost_between = 54  # of 182, at the rate of the stage before
    a_quarter = lost_between * Fraction(by_stage["average_won_value", None]["value"]) * Fraction(won, ENTERED[3])
    assert a_quarter == 911_250, "and not 410,400, which is a quarter's too, and no year's"


def test_n6_entries_of_a_quarter_are_not_the_exits_of_the_stage_before_in_that_quarter(leak):
    asked_by_quarter = asked(leak, "kpis", "leak", "--by", "stage,quarter")["kpis"]
    of = {(one["id"], one["dims"]["stage"], one["dims"]["quarter"]): one for one in asked_by_quarter
          if {"stage", "quarter"} <= one["dims"].keys()}  # fmt: skip
    first = "2024-Q1"
    entered = of["stage_conversion_next", "evaluation", first]["denominator"]
    left = of["days_in_stage_median", "evaluation", first]["n"]
    assert entered > left, "Evaluation takes 41 days, so that many carry over"
    cohorts = [one for (kpi, stage, _), one in of.items() if (kpi, stage) == ("stage_conversion_next", "evaluation")]
    assert [sum(one[part] for one in cohorts) for part in ("numerator", "denominator")] == [64, 182]
