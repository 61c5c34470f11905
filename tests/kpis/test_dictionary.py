"""The dictionary: one name, one formula, all of it written down."""

import json
from pathlib import Path

import pytest

from kpis.catalogue import SHIPPED as KPIS
from kpis.catalogue import find
from kpis.dictionary import STANDARD_DIMS
from kpis.reference_page import ROWS, render
from model.errors import SettingsProblem
from tests.kpis.fixtures import deal, pipeline, value_of, values_of, walk

FIRST_IDS = (
    "pipeline_value", "pipeline_value_weighted", "pipeline_coverage", "win_rate_closed", "win_rate_closed_by_value",
    "average_won_value", "days_to_win_mean", "days_to_win_median", "stage_conversion_ever",
    "stage_conversion_next", "stage_conversion_resolved", "days_to_advance_half",
    "stage_conversion_first_move", "stage_conversion_resolved_visits", "days_in_stage_median",
    "days_in_stage_median_km", "pipeline_velocity_open_per_day", "pipeline_velocity_closed_per_day",
)  # fmt: skip


def test_the_ids_are_those_of_the_contract():
    assert set(FIRST_IDS) <= set(KPIS)


@pytest.mark.parametrize("entry", KPIS.values(), ids=lambda entry: entry.id)
def test_every_entry_is_whole(entry):
    assert all(getattr(entry, row) for row in (*ROWS, "title", "needs"))
    assert entry.answer.__doc__
    assert set(entry.only_by) <= {*STANDARD_DIMS, "loss_reason", "campaign"}


def test_the_page_is_up_to_date():
    page = Path(__file__).parents[2] / "docs" / "kpis.md"
    assert page.read_text(encoding="utf-8") == render()


def test_velocity_alone_is_an_error_that_lists_what_it_could_mean():
    with pytest.raises(SettingsProblem) as found:
        find("velocity")
    meant = (
        "days_to_win_mean",
        "days_in_stage_median",
        "pipeline_velocity_open_per_day",
        "pipeline_velocity_closed_per_day",
    )
    assert all(name in str(found.value) for name in meant)
    assert "win_rate_closed" not in str(found.value)


@pytest.mark.parametrize(
    ("word", "first"),
    [
        ("win rate", "win_rate_closed"),
        ("Win-Rate", "win_rate_closed"),
        ("conversion", "stage_conversion_ever"),
        ("coverage", "pipeline_coverage"),
    ],
)
def test_a_word_is_never_taken_for_an_id(word, first):
    with pytest.raises(SettingsProblem, match=f"could mean: .*{first}"):
        find(word)


def test_an_id_is_found_and_a_slip_of_the_pen_is_put_right():
    assert find("win_rate_closed").id == "win_rate_closed"
    with pytest.raises(SettingsProblem, match="Did you mean win_rate_closed"):
        find("win_rate_closd")
    with pytest.raises(SettingsProblem, match="There are: pipeline_value, "):
        find("zzz")


def test_every_kpi_is_given_for_all_and_once_for_each_single_dimension():
    wide = pipeline(
        [deal("won", 5, owner="Ann", team="West"), deal(amount=3, owner="Bob", team="West")],
        walk(0, [("qualified", 0)]),
    )
    values = values_of(wide, by=["owner", "team"])
    assert {value.id for value in values if not value.dims} == set(KPIS)
    assert {tuple(value.dims) for value in values} == {(), ("owner",), ("team",)}
    assert len({(value.id, *value.dims.items()) for value in values}) == len(values)


def test_two_dimensions_at_once_are_given_for_each_pair_that_has_deals():
    deals = [deal(amount=5, owner="Ann", segment="SMB"), deal(amount=3, owner="Bob", segment="ENT")]
    pairs = {
        tuple(value.dims.items()): value.value
        for value in values_of(pipeline(deals), by=[("owner", "segment")])
        if value.id == "pipeline_value" and value.dims
    }  # fmt: skip
    assert pairs == {(("owner", "Ann"), ("segment", "SMB")): 5, (("owner", "Bob"), ("segment", "ENT")): 3}


def test_money_is_exact_text_and_everything_else_is_unrounded():
    wide = pipeline([deal("won", "10.10"), deal("won", "20"), deal("won", "3.35"), *[deal("lost")] * 4])
    average, rate = (value_of(wide, kpi).json() for kpi in ("average_won_value", "win_rate_closed"))
    assert (average["value"], average["numerator"], average["denominator"]) == ("11.15", "33.45", 3)
    assert rate["value"] == 3 / 7


def test_a_dimension_that_nothing_is_mapped_for_is_left_out():
    assert all(
        "region" not in value.dims for value in values_of(pipeline(keys=1, dormant=["region"]), by=["region", "owner"])
    )


def test_a_kpi_with_a_dormant_fact_is_null_with_the_reason():
    value = value_of(pipeline([deal("won", 5)], dormant=["amount_home"]), "average_won_value")
    assert (value.value, value.why) == (None, "nothing is mapped for amount_home")


def test_the_json_is_the_contracts():
    value = value_of(pipeline([deal("won", "5.25"), deal("lost", 0)]), "win_rate_closed")
    assert json.loads(json.dumps(value.json())) == {
        "id": "win_rate_closed", "dims": {}, "value": 0.5, "numerator": 1, "denominator": 2, "unit": "share",
        "window": "all", "n": 2, "as_of": "2026-11-22T12:00:00+00:00", "title": "Win rate of closed deals",
        "low": 0.09453120573423074, "high": 0.9054687942657693, "few": True, "window_from": None,
        "window_to": "2026-11-22", "owner": "RevOps", "leads": "lagging", "category": "outcome",
    }  # fmt: skip


def test_a_deal_of_which_nobody_knows_whether_it_is_open_is_in_no_count():
    wide = pipeline([deal("won", 5), {**deal(), "is_open": None, "is_won": None, "is_lost": None}])
    assert value_of(wide, "win_rate_closed").n == 1
    assert value_of(wide, "pipeline_value").n == 0


@pytest.mark.parametrize("word", ["Pipeline value", "pipeline-value", "quota attainment", "PIPELINE_VALUE"])
def test_an_exact_title_or_id_wins_over_what_a_word_could_also_mean(word):
    assert find(word).id == "_".join(word.lower().replace("-", " ").replace("_", " ").split())
