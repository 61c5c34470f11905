"""Examples should notice a slip: a limit that counts or does not, a part of a condition left out."""

from __future__ import annotations

import pytest

from policies.files import read_policies
from policies.trying.mutation_check import unnoticed
from tests.policies.reader.files import policy


def slips(flag_if, *, flagged, clear):
    """What the examples of one policy would not notice."""
    examples = f"{{flagged: [{', '.join(flagged)}], clear: [{', '.join(clear)}]}}"
    found = unnoticed(read_policies({"a.yaml": policy(flag_if=flag_if, examples=examples)}))
    return found.get("no-activity", ())


@pytest.mark.parametrize(
    ("flag_if", "flagged", "clear", "unseen"),
    [
        ("pushes >= 3", ["{pushes: 3}"], ["{pushes: 2}"], ()),
        ("pushes >= 3", ["{pushes: 9}"], ["{pushes: 0}"], ("“pushes is at least 3” or “pushes is over 3”",)),
        ("pushes > 3", ["{pushes: 4}"], ["{pushes: 3}"], ()),
        ("not (pushes < 3)", ["{pushes: 3}"], ["{pushes: 2}"], ()),
        (
            "pushes between 1 and 3",
            ["{pushes: 1}", "{pushes: 2}"],
            ["{pushes: 0}", "{pushes: 4}"],
            ("“pushes is at most 3” or “pushes is under 3”",),
        ),
        (
            "touched and is_test",
            ["{touched: true, is_test: true}"],
            ["{touched: false, is_test: true}"],
            ("with or without “is test”",),
        ),
        (
            "touched or is_test",
            ["{touched: true}", "{is_test: true}"],
            ["{}"],
            (),
        ),
        ("is_test", ["{is_test: true}"], ["{}"], ()),
    ],
)
def test_each_slip_that_no_example_notices_is_named(flag_if, flagged, clear, unseen):
    assert slips(flag_if, flagged=flagged, clear=clear) == unseen


def test_days_are_limits_like_others():
    clear = ["{last_activity: 2026-11-10, as_of: 2026-11-15}"]
    far, near = ["{last_activity: 2026-10-01, as_of: 2026-11-15}"], ["{last_activity: 2026-11-01, as_of: 2026-11-15}"]
    assert slips("days_since(last_activity) >= 14", flagged=far, clear=clear)
    assert not slips("days_since(last_activity) >= 14", flagged=near, clear=clear)


GATE = """version: 1
processes:
  - id: sales
    stages:
      - id: demo
        names: {{salesforce: [Demo]}}
        exit:
          - id: seen
            title: Seen twice
            require: touches_30d >= 2
            fix: Show it
            examples: {examples}
      - {{id: won, names: {{salesforce: [Closed Won]}}}}
"""


@pytest.mark.parametrize(
    ("touches", "unseen"),
    [(9, {"sales/demo/seen": ("“touches 30d is at least 2” or “touches 30d is over 2”",)}), (2, {})],
)
def test_the_courses_of_a_gate_notice_slips_as_well(touches, unseen):
    examples = f"{{met: [{{2026-11-02: {{enter: demo}}, 2026-11-05: {{enter: won, touches_30d: {touches}}}}}]}}"
    assert unnoticed(read_policies({"a.yaml": GATE.format(examples=examples)})) == unseen
