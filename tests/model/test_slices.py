"""Slices give the rows of the whole, and the order of rows does not matter."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from model.widening.activity_facts import coverage
from model.widening.copied_next_steps import copied, steps
from tests.benches.made import PROCESS, SETTING, slices, snapshot
from tests.model.build import wide


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 60), st.integers(1, 7), st.randoms(use_true_random=False))
def test_slices_of_any_size_give_the_rows_of_the_whole(deals, count, random):
    shot = snapshot(deals, mapped=True)
    order = random.sample(range(deals), deals)
    shuffled = replace(shot, records=shot.deals[order], activity=shot.activity[order[::-1]])
    teams = coverage(slices(shot, count))
    same = copied(pl.concat(steps(part.deals) for part in slices(shot, count)), SETTING.filler)
    whole = wide(shuffled, (PROCESS,), setting=SETTING)
    parts = [wide(part, (PROCESS,), setting=SETTING, coverage=teams, copies=same) for part in slices(shot, count)]
    assert_frame_equal(whole.frame.sort("key"), pl.concat(part.frame for part in parts))
    assert_frame_equal(whole.moves, pl.concat(part.moves for part in parts))
