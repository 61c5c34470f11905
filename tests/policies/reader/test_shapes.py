"""A new user's slips of shape: the sentence says how the thing is written."""

import pytest

from tests.policies.reader.files import policy, problems

STAGES = "processes:\n  - {id: p, stages: [{id: board, names: %s}, {id: won, names: {salesforce: [Won]}}]}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("facts: {board_day: date}\n", "a fact is a map of keys and values, not a text; write {type: text, meaning: "),
        ("facts: {board_day: {type: date}}\n", "a fact has no 'meaning'; add it"),
        (STAGES % "Board decision", "names is a map of keys and values, not a text; write {salesforce: ["),
        (STAGES % "{salesforce: Board decision}", "names in salesforce is a list, not a text; write [Board decision]"),
        ("facts: {board_day: {type: date, meaning: Board: its day}}\n", "a text with a colon in it stands in quotes"),
        ("policies:\n  - id: a\n   title: b\n", "the keys of a map, and the dashes of a list, stand in one column"),
    ],
)
def test_what_has_the_wrong_shape_is_reported_with_how_it_is_written(text, expected):
    assert expected in " ".join(problems(f"version: 1\n{text}"))


def test_an_unknown_fact_that_resembles_none_is_reported_with_where_facts_come_from():
    (found,) = problems(policy(flag_if="zzz_qqq > 3"))
    assert found.endswith(
        "unknown fact 'zzz_qqq'; docs/facts.md lists those there are, and one of your own is declared under facts"
    )
