"""A scope narrows every KPI; deals of which nobody knows whether they are in it are left out and counted."""

import pytest

from kpis.measure import measure
from kpis.populations import Source, rows_of
from kpis.question import Question
from model.facts import FACTS
from policies.language import parse_condition
from tests.kpis.fixtures import PROCESS, deal, pipeline
from tests.kpis.test_unknown import DEALS, MOVES, org
from worker.pipeline.measuring.questions import scope_notes, scope_of


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


def test_every_kpi_counts_those_deals_of_unknown_scope_that_it_could_count():
    unsure, alone = measured(org(("owner",), (1, 3)), "owner = 'Ann'"), measured(only([0, 2]), "owner is not blank")
    for key, one in unsure.items():
        if alone[key].value is not None and alone[key].n:
            assert one.value == alone[key].value, key
            assert "of unknown scope left out" in one.why, key
    whys = {id_: unsure[id_,].why for id_ in ("pipeline_value", "won_deals", "lost_deals", "created_deals")}
    assert whys == {
        "pipeline_value": "1 deal of unknown scope left out",
        "won_deals": "1 deal of unknown scope left out",
        "lost_deals": "",
        "created_deals": "2 deals of unknown scope left out",
    }


def test_by_stage_a_deal_of_unknown_scope_is_counted_in_each_stage_that_it_entered():
    found = measured(org(("owner",), (1, 3)), "owner = 'Ann'", ("stage",))
    key = ("stage_conversion_ever", ("process", "sales"), ("stage", "discovery"))
    assert "2 deals of unknown scope left out" in found[key].why


def test_deals_that_unequal_leaves_out_because_of_a_blank_are_counted():
    nobodys = deal(amount=4), deal("won", amount=8), deal(amount=16)
    wide = pipeline([deal(amount=1, owner="Ann"), deal(amount=2, owner="Bob"), *nobodys])
    condition = parse_condition("owner != 'Ann' and amount_home < 10", FACTS)
    scope, blanked = scope_of([condition], wide)
    rows = rows_of([Source(wide, scope=scope, blanked=blanked)])
    asked = Question(scope=scope_notes([condition], rows.facts))
    found = {value.id: value for value in measure(rows, asked)}
    for kpi, value in (("pipeline_value", 2), ("won_deals", 0)):
        assert found[kpi].value == value
        assert found[kpi].why == "1 deal with a blank owner left out by != in condition"


def test_where_no_deal_is_surely_in_scope_there_is_no_value_and_why_counts_them():
    everything = measured(org(("owner",), (0, 1, 2, 3, 4)), "owner = 'Ann'")
    value = everything["pipeline_value",]
    assert (value.value, value.n, value.why) == (None, 0, "2 deals of unknown scope left out")
    assert {one.value for one in everything.values()} == {None}
