"""Which deals a run has to judge: those that were touched since the last judging, whatever the clocks say."""

from datetime import timedelta

import pytest

from model.sync import FieldHistory, Outcome, Patch
from store import LastJudging
from tests.store.fixtures import NOON, deal, keep

HOUR = timedelta(hours=1)


@pytest.fixture
def last(store):
    """A judging at noon, of a store that pages had filled before."""
    keep(store, opportunity=[deal("d1"), deal("d2")])
    store.due.begin("acme", NOON)
    return LastJudging(1, NOON, {"policies": "p"}, {}, ())


def affected(store, last):
    keys = {key: id_ for id_, key in store.mirror.ids("acme", gone=True).items()}
    return {keys[key] for key in store.due.affected("acme", last, NOON + HOUR, ())}


def test_nothing_is_noted_before_a_run_begins_to_remember(store):
    keep(store, opportunity=[deal("d1")])
    store.due.begin("acme", NOON)
    assert affected(store, LastJudging(1, NOON, {}, {}, ())) == set()


def test_a_page_that_comes_while_the_first_run_judges_is_noted(store, last):
    keep(store, opportunity=[deal("d2", next_step="Something new")])
    assert affected(store, last) == {"d2"}


def test_a_patch_that_the_crm_answers_with_gone_touches_the_deal(store, last):
    store.pushes.stage("acme", 1, [Patch("d1", {"score": 1})], 200)
    store.pushes.settle(store.pushes.claim("acme", NOON), [Outcome("d1", "gone")], NOON + HOUR, NOON)
    assert affected(store, last) == {"d1"}


def test_a_first_row_of_a_fields_history_concerns_every_deal(store, last):
    fields = FieldHistory(recent=frozenset({"segment"}))
    before = store.history.shared("acme", fields)
    keep(store, field_change=[{
        "id": "h1", "opportunity_id": "d1", "field": "segment", "before": None, "after": "big", "origin": "crm",
        "changed_at": NOON - HOUR, "seen_at": NOON, "actor_id": None,
    }])  # fmt: skip
    assert store.history.shared("acme", fields)["history"] != before["history"]
