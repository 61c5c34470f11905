"""Reading ahead: what is made beside the work comes in order, and its faults in their turn."""

from __future__ import annotations

from threading import Event

import pytest

from model.helpers.prefetch import ahead


def test_the_next_item_is_made_while_the_one_before_is_used():
    begun = Event()

    def items():
        yield 1
        begun.set()
        yield 2

    found = ahead(items())
    assert next(found) == 1
    assert begun.wait(10)
    assert list(found) == [2]


def test_what_fails_is_reported_after_what_came_before_it():
    def items():
        yield 1
        yield 2
        raise LookupError("the third")

    found, used = ahead(items()), []
    with pytest.raises(LookupError, match="the third"):
        used.extend(found)
    assert used == [1, 2]


def test_whoever_stops_early_leaves_the_rest_unmade():
    made = []

    def items():
        for one in range(10):
            made.append(one)
            yield one

    found = ahead(items())
    assert next(found) == 0
    found.close()
    assert made in ([0], [0, 1])  # the second may have been begun


def test_no_more_than_the_agreed_number_is_made_ahead():
    made, third = [], Event()

    def items():
        for one in range(10):
            made.append(one)
            if one == 3:
                third.set()
            yield one

    found = ahead(items(), 3)
    assert next(found) == 0
    assert third.wait(10)
    assert made == [0, 1, 2, 3]
    assert list(found) == list(range(1, 10))
