"""A little of the fuzzing on every run; `python -m tests.policies.fuzz --minutes 10` for much of it."""

from __future__ import annotations

from itertools import count

import pytest

from model.errors import Problem
from tests.policies.fuzz.fuzz import Hang, Wrong, fuzz, kinds, limited, placed

INPUTS = 540


def test_no_crash_no_hang_and_every_rejection_has_a_place():
    report = fuzz(20261128, lambda number: number < INPUTS)
    assert {key: repr(error) for key, (_, error) in report.findings.items()} == {}
    assert report.inputs == INPUTS
    assert report.refused.total() > 300
    assert report.accepted.total() > 60


def test_the_same_seed_draws_the_same_inputs():
    once, again = ([draw() for _ in range(5) for _, draw, _ in kinds(5)] for _ in range(2))
    assert once == again


def test_a_hang_a_crash_and_a_rejection_without_a_place_are_found_and_saved(tmp_path, monkeypatch):
    def faulty(text):
        if "x" in text:
            raise RecursionError
        placed((Problem("fuzz", 2, 1, "that is no line of it"),), text, "fuzz")

    drawn = [("crash", lambda: "x", faulty), ("no place", lambda: "y", faulty)]
    monkeypatch.setattr("tests.policies.fuzz.fuzz.kinds", lambda _seed: drawn)
    report = fuzz(1, lambda number: number < 6, tmp_path)
    assert {type(error) for _, error in report.findings.values()} == {RecursionError, Wrong}
    assert (tmp_path / "1.input").read_text() == "x"
    assert "RecursionError" in (tmp_path / "1.txt").read_text()


def test_what_takes_too_long_is_stopped(monkeypatch):
    monkeypatch.setattr("tests.policies.fuzz.fuzz.SECONDS", 0.05)
    with pytest.raises(Hang), limited():
        sum(0 for _ in count())  # ends in no other way


@pytest.mark.parametrize(
    "problem",
    [
        Problem("fuzz", 0, 1, "it is before the file"), Problem("fuzz", 1, 5, "it is behind the line"),
        Problem("other", 1, 1, "it is in another file"), Problem("fuzz", 1, 1, "Oops"),
        Problem("fuzz", 1, 1, "two lines\nare no sentence"),
    ],
)  # fmt: skip
def test_a_place_outside_the_text_and_a_word_alone_are_faults(problem):
    with pytest.raises(Wrong):
        placed((problem,), "abc", "fuzz")
    placed((Problem("fuzz", 1, 4, "it ends too early"),), "abc", "fuzz")
