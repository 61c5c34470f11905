"""A move that we took back is as if it had never been; one that we gave back counts."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from model.widening.effective_moves import lasting
from model.widening.stage_moves import MOVES

START = datetime(2026, 11, 2, tzinfo=UTC)


def moves(*steps, key=1):
    """Steps are (stage's order, is it our own); the first is the creation."""
    rows, before = [], None
    for n, (order, own) in enumerate(steps):
        kind = "created" if before is None else "forward" if order > before else "backward"
        rows.append((key, START + timedelta(hours=n), date(2026, 11, 2), "sales", before and f"s{before}", f"s{order}",
                     f"S{order}", before, order, kind, "integration" if own else "user", own, None))  # fmt: skip
        before = order
    return pl.DataFrame(rows, schema=MOVES, orient="row")


def kept(*steps):
    return list(lasting(moves(*steps)).select("from_order", "to_order").iter_rows())


def test_a_move_and_our_move_back_are_both_left_out():
    assert kept((1, False), (2, False), (1, True)) == [(None, 1)]
    assert kept((1, False), (3, False), (1, True), (2, False)) == [(None, 1), (1, 2)]


def test_an_earlier_move_stays_when_a_later_one_is_taken_back():
    assert kept((1, False), (2, False), (3, False), (2, True)) == [(None, 1), (1, 2)]


def test_one_that_was_taken_back_and_given_back_counts_once():
    assert kept((1, False), (2, False), (1, True), (2, True)) == [(None, 1), (1, 2)]


def test_our_own_move_elsewhere_is_left_out_alone():
    assert kept((1, False), (3, False), (2, True)) == [(None, 1), (1, 3)]


def test_a_deal_that_our_user_created_was_created():
    assert kept((1, True), (2, False)) == [(None, 1), (1, 2)]


def test_another_deals_moves_are_its_own():
    both = pl.concat([moves((1, False), (2, False)), moves((1, False), (2, False), (1, True), key=2)])
    assert list(lasting(both).select("key", "to_order").iter_rows()) == [(1, 1), (1, 2), (2, 1)]


@given(st.lists(st.integers(1, 5), min_size=1, max_size=8), st.data())
def test_taking_back_any_move_leaves_the_history_as_if_it_had_not_been_made(orders, data):
    walked = [order for n, order in enumerate(orders) if n == 0 or order != orders[n - 1]]
    at = data.draw(st.integers(0, len(walked) - 1))
    aside = data.draw(st.integers(1, 5).filter(lambda order: order != walked[at]))
    plain = [(order, False) for order in walked]
    taken_back = [*plain[: at + 1], (aside, False), (walked[at], True), *plain[at + 1 :]]
    assert kept(*taken_back) == kept(*plain)
