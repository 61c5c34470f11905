"""A scope narrows every KPI; deals of which nobody knows whether they are in it are left out and counted."""

import pytest

from kpis.measure import Question, measure
from kpis.populations import Source, rows_of
from model.facts import FACTS
from policies.language import parse_condition
from tests.kpis.fixtures import PROCESS, pipeline
from tests.kpis.test_unknown import DEALS, MOVES, org


def measured(wide, scope, by=()):
    """Values of the deals for which the condition holds."""
    condition = parse_condition(scope, FACTS)
    source = Source(wide, (PROCESS,), scope=condition.polars(wide))
    found = measure(rows_of([source]), Question(by=[(dim,) for dim in by]))
    return {(value.id, *value.dims.items()): value for value in found}


def only(places):
    moves = [{**move, "key": places.index(move["key"])} for move in MOVES if move["key"] in places]
    return pipeline([DEALS[place] for place in places], moves)


@pytest.mark.parametrize("by", [(), ("owner",), ("stage",)])
def test_every_kpi_over_a_scope_has_the_value_that_it_has_without_the_other_deals(by):
    wide = pipeline(DEALS, MOVES)
    narrowed, alone = measured(wide, "owner = 'Ann'", by), measured(only([0, 2]), "owner is not blank", by)
    assert {key: (one.value, one.n, one.why) for key, one in narrowed.items()} == {
        key: (one.value, one.n, one.why) for key, one in alone.items()
    }


def test_every_kpi_counts_the_deals_of_unknown_scope():
    unsure, alone = measured(org(("owner",), (1, 3)), "owner = 'Ann'"), measured(only([0, 2]), "owner is not blank")
    for key, one in unsure.items():
        if alone[key].value is not None and alone[key].n:
            assert one.value == alone[key].value, key
            assert "2 deals of unknown scope left out" in one.why, key


def test_where_no_deal_is_surely_in_scope_there_is_no_value_and_why_counts_them():
    everything = measured(org(("owner",), (0, 1, 2, 3, 4)), "owner = 'Ann'")
    value = everything["pipeline_value",]
    assert (value.value, value.n, value.why) == (None, 0, "5 deals of unknown scope left out")
    assert {one.value for one in everything.values()} == {None}
