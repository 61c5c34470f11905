"""Reading one ahead: what is made beside the work comes in order, and its faults in their turn."""

from __future__ import annotations

from threading import Event

import pytest

from model.ahead import one_ahead


def test_the_next_item_is_made_while_the_one_before_is_used():
    begun = Event()

    def items():
        yield 1
        begun.set()
        yield 2

    ahead = one_ahead(items())
    assert next(ahead) == 1
    assert begun.wait(10)
    assert list(ahead) == [2]


def test_what_fails_is_told_after_what_came_before_it():
    def items():
        yield 1
        yield 2
        raise LookupError("the third")

    ahead, used = one_ahead(items()), []
    with pytest.raises(LookupError, match="the third"):
        used.extend(ahead)
    assert used == [1, 2]


def test_whoever_stops_early_has_asked_for_one_more():
    made = []

    def items():
        for one in range(10):
            made.append(one)
            yield one

    ahead = one_ahead(items())
    assert next(ahead) == 0
    ahead.close()
    assert made == [0, 1]
