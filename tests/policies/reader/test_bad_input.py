"""Every kind of bad input is a sentence with its place and what to write instead; they are all in the golden file."""

from __future__ import annotations

import pytest

from connectors.registry import KINDS
from model.errors import PolicyProblem
from policies.files import read_policies
from tests.policies.reader.bad_input import BAD, policy, process, two


def problems(name):
    text, choices = BAD[name] if isinstance(BAD[name], tuple) else (BAD[name], {})
    with pytest.raises(PolicyProblem) as refused:
        read_policies({"a.yaml": text}, choices=choices, kinds=KINDS)
    return text, refused.value.problems


def test_what_each_of_them_reads(snapshot):
    text = "\n".join(f"{name}\n" + "\n".join(f"    {one}" for one in problems(name)[1]) for name in BAD)
    assert text == snapshot


@pytest.mark.parametrize("name", BAD)
def test_the_place_lies_in_the_file_and_the_sentence_says_more_than_that_it_is_wrong(name):
    text, found = problems(name)
    lines = (text if isinstance(text, str) else text.decode("latin-1")).split("\n")
    for problem in found:
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        assert len(problem.text.split()) >= 4


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pipeline = 'A'", "pipeline = 'B'"),
        ("pipeline = 'A'", "segment = 'smb'"),  # other facts: perhaps no deal is both
        ("amount >= 5000", "amount < 5000"),
        ("amount >= 5000", "amount < 5000 or amount is blank"),
        ("amount between 1 and 4999", "amount between 5000 and 9999"),
        ("pipeline in ('A', 'B') and is_test", "pipeline in ('A', 'B') and not is_test"),
        ("segment = 'smb'", "segment != 'smb'"),
        ("days_since(created) > 3", "days_since(created) > 5"),  # not reported: it would take all days
        ("amount + 1 > 3", "amount + 1 > 5"),
    ],
)
def test_claims_that_can_be_kept_apart_stand_beside_each_other(one, other):
    assert len(read_policies({"a.yaml": two(one, other)}).processes) == 2


def test_claims_of_two_files_are_held_against_each_other():
    files = {"a.yaml": process(claim="segment = 'smb'"), "b.yaml": process(claim="segment in ('smb', 'mid')")}
    files["b.yaml"] = files["b.yaml"].replace("id: sales", "id: other")
    with pytest.raises(PolicyProblem, match=r"^b.yaml:3:5: 'other' and 'sales' both claim a deal whose segment is smb"):
        read_policies(files)


def test_a_currency_in_use_is_taken_in_any_case():
    assert read_policies({"a.yaml": policy("currency in ('eur', 'USD')")}).policies
