"""Benchmarks: which band a value may be compared with, and where it stands in it."""

import pytest

from kpis.benchmarks import Benchmark, standing
from tests.kpis.fixtures import deal, pipeline, value_of, values_of

BANDS = (
    Benchmark("win_rate_closed", 0.22, 0.35, "S89"),
    Benchmark("win_rate_closed", 0.3, 0.5, "own", 2026, segment="Mid-market"),
)


def bands(by=None, segment="mid market", enough=2):
    wide = pipeline([deal("won", 1, segment=segment, owner="Ann"), deal("lost", 1, segment=segment, owner="Ann")])
    found = value_of(wide, "win_rate_closed", by, benchmarks=BANDS, enough=enough)
    return (next(iter(found.values())) if by else found).json().get("benchmark")


def test_all_deals_and_those_of_an_owner_have_the_band_without_a_segment():
    expected = {"low": 0.22, "high": 0.35, "source": "S89", "year": None, "comparable": True}
    assert (bands(), bands("owner")) == (expected, expected)


def test_a_segment_has_its_own_band_however_it_is_written_and_no_other():
    assert bands("segment") == {"low": 0.3, "high": 0.5, "source": "own", "year": 2026, "comparable": True}
    assert bands("segment", "MM")["source"] == "own"
    assert (bands("segment", "SMB"), bands("segment", None)) == (None, None)


@pytest.mark.parametrize(("enough", "comparable"), [(2, True), (3, False)])
def test_a_value_that_rests_on_too_few_deals_is_not_compared(enough, comparable):
    assert bands(enough=enough)["comparable"] is comparable


def test_a_kpi_without_a_benchmark_has_none():
    found = values_of(pipeline([deal("won", 1)]), benchmarks=BANDS)
    assert {value.id for value in found if "benchmark" in value.json()} == {"win_rate_closed"}


@pytest.mark.parametrize(
    ("value", "low", "high", "where"),
    [(0.1, 0.2, 0.3, "below"), (0.2, 0.2, 0.3, "in"), (0.3, 0.2, 0.3, "in"), (0.31, 0.2, 0.3, "above"),
     (9, 0.2, None, "in"), (0, None, 0.3, "in")],
)  # fmt: skip
def test_a_band_has_two_ends_that_belong_to_it(value, low, high, where):
    assert standing(value, {"low": low, "high": high}) == where
