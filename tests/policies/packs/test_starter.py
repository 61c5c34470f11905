"""The starter pack says what the checklist asks for, and its own examples hold."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from model.facts import FACTS
from policies.files import read_policies
from policies.trying.examples import run_examples

PACKS = sorted(Path("policies/packs").glob("*.yaml"))


@pytest.fixture(scope="module", params=PACKS, ids=lambda path: path.stem)
def pack(request):
    return read_policies({request.param.name: request.param.read_text("utf-8")})


@pytest.fixture(scope="module")
def starter():
    return read_policies({"starter.yaml": Path("policies/packs/starter.yaml").read_text("utf-8")})


def criteria(pack):
    return {
        f"{process.id}/{stage.id}/{criterion.id}": criterion
        for process in pack.processes
        for stage in process.stages
        for criterion in (*stage.entry, *stage.exit)
    }


def test_every_example_holds(pack):
    assert run_examples(pack) == []


def test_every_written_policy_and_criterion_has_examples_of_both_kinds(pack):
    written = [policy for policy in pack.policies if not policy.generated]
    assert all(policy.examples.not_applicable for policy in written if policy.applies_to)
    rows = [policy.examples for policy in written]
    rows += [pack.criterion_examples[name] for name in criteria(pack)]
    assert all(examples.flagged and examples.clear for examples in rows)


def test_every_entry_names_its_source_and_one_act(pack):
    for entry in (*pack.policies, *criteria(pack).values()):
        assert entry.source
        assert 0 < len(entry.title) <= 80
        assert 0 < len(entry.fix) <= 120


@pytest.mark.parametrize(
    "row", ["S12", "S13", "S14", "S15", "S16", "S17", "S18", "S19", "S21", "S38", "S39", "S41", "S42"]
)
def test_rows_of_document_two_are_covered(starter, row):
    sources = [entry.source for entry in (*starter.policies, *criteria(starter).values(), *starter.processes)]
    assert any(row in source.replace(";", " ").split() for source in sources)


@pytest.mark.parametrize(
    ("policy", "mode", "topic", "flag_if"),
    [
        ("no-activity", "warn", "staleness", "days_since(last_activity) >= 14"),  # S38
        ("stuck-twice-median", "warn", "ageing", "days_in_stage >= 2 * stage_median_days"),  # S44
        ("over-1-5-median", "observe", "ageing", "days_in_stage > 1.5 * stage_median_days"),  # S47
        ("in-qualification-30-days", "observe", "ageing", "days_in_stage > 30"),  # S48, X5
        ("untouched-60-days", "warn", "staleness", "days_since(last_activity) > 60"),  # S49
        ("negotiation-over-expected", "observe", "ageing", "days_in_stage > 30"),  # S42
        ("proposal-over-expected", "observe", "ageing", "days_in_stage > 21"),  # S42
    ],
)
def test_each_way_to_be_stuck_is_a_policy_of_its_own(starter, policy, mode, topic, flag_if):
    found = {one.id: one for one in starter.policies}[policy]
    assert (found.mode, found.topic, found.flag_if.text) == (mode, topic, flag_if)


def test_the_seven_stages_carry_the_days_of_the_document(starter):
    (process,) = starter.processes
    days = {stage.id: stage.expected_days for stage in process.stages}
    assert days == {
        "prospecting": (1, 5), "qualification": (3, 7), "discovery": (7, 14), "demo": (7, 14), "proposal": (7, 21),
        "negotiation": (7, 30), "closing": (3, 10), "won": None,
    }  # fmt: skip


def test_hygiene_needs_no_mapped_field(starter):
    mapped = {name for name, fact in FACTS.items() if fact.meaning.endswith("by mapping")}
    written = [policy for policy in starter.policies if not policy.generated]
    assert all(not policy.facts & mapped for policy in written)


def test_the_pack_is_read_and_checked_fast_enough_to_be_read_at_every_start():
    text = Path("policies/packs/starter.yaml").read_text("utf-8")
    start = time.perf_counter()
    read_policies({"starter.yaml": text})
    assert time.perf_counter() - start < 2
