"""Every checklist row on stages and hygiene is answered by a policy, or is a practice with what serves it named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kpis.catalogue import SHIPPED as KPIS
from policies.files import read_policies
from tests.policies.packs.checklist_rows import PAGE, ROWS, SERVED, cited, rows_page
from worker.packs import pack_texts

PACKS = {path.name: path.read_text("utf-8") for path in sorted(Path("policies/packs").glob("*.yaml"))}
STAGES_AND_HYGIENE = {f"S{number}" for number in range(1, 65)}
EXAMPLES = {"S121", *(f"S{number}" for number in range(166, 174))}
PRACTICES = {
    f"S{number}"
    for number in (20, 22, 23, 27, 31, 33, 35, 36, 37, 40, 43, 45, 46, *range(54, 57), *range(58, 65))
}  # fmt: skip


@pytest.fixture(scope="module")
def answers():
    return list(cited(read_policies(PACKS)))


def test_the_page_of_rows_says_what_the_packs_cite():
    assert PAGE.read_text("utf-8") == rows_page(read_policies(pack_texts())), (
        "run: python -m tests.policies.packs.checklist_rows"
    )


def test_the_table_has_every_row_and_no_other():
    assert ROWS.keys() == STAGES_AND_HYGIENE | EXAMPLES


def test_no_entry_cites_a_row_that_is_not_in_the_table(answers):
    # S42, S108 and the like in comments are no citations
    assert {row for row, _ in answers} <= ROWS.keys()


def test_every_row_has_a_policy_or_is_a_practice_that_something_serves(answers):
    answered = {row for row, _ in answers}
    assert ROWS.keys() - answered <= SERVED.keys()
    assert SERVED.keys() == PRACTICES


def test_rows_are_answered_by_what_is_judged_but_for_those_that_wait_for_another_subject_or_a_figure(answers):
    judged = {row for row, entry in answers if not entry.endswith("(off)")}
    assert ROWS.keys() - judged - SERVED.keys() == {"S52", "S53", *EXAMPLES}


def test_what_serves_a_row_exists():
    named = {word for text in SERVED.values() for word in re.findall(r"`([a-z_]+)`", text)}
    assert {word for word in named if "_" in word and not word.startswith("contact_")} <= KPIS.keys()
    entries = "".join(PACKS.values())
    words = {word for text in SERVED.values() for word in re.findall(r"`([a-z]+(?:-[a-z]+)+)`", text)}
    assert all(f"id: {word}\n" in entries for word in words)


@pytest.mark.parametrize("name", ["X4", "X5", "X9", "X10", "X11", "X12", "X13", "X14", "X15", "X26", "X28"])
def test_how_a_contradiction_was_resolved_is_reported_in_a_pack(name):
    comments = [line for text in PACKS.values() for line in text.splitlines() if line.strip().startswith("#")]
    assert any(re.search(rf"\b{name}\b", line) for line in comments)


def test_every_process_has_five_to_eight_stages():
    assert {5 <= len(process.stages) <= 8 for process in read_policies(PACKS).processes} == {True}
