"""Mutations of what we ship are refused within a line of their place, or mean the same."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from connectors.registry import KINDS
from model.errors import PolicyProblem
from policies.files import read_policies
from policies.trying.examples import run_examples
from tests.policies.reader.mutants import Mutator

STARTER = Path("policies/packs/starter.yaml").read_text("utf-8")
STAGES = ("prospecting", "qualification", "discovery", "demo", "proposal", "negotiation", "closing", "won")
WANTED = 600


def pieces():
    """The starter pack in files of one policy, or one stage and its neighbours, which are read in no time."""
    head, rest = STARTER.split("policies:\n", 1)
    policies, processes = rest.split("processes:\n", 1)
    head = head[head.index("version:") :]
    before, stages = processes.split("    stages:\n", 1)
    entries = _entries(policies, "  - id: ")
    steps = _entries(stages, "      - id: ")
    yield from (f"{head}policies:\n{entry}" for entry in entries)
    plain = [_without_gates(step) for step in steps]
    for n, step in enumerate(steps[:-1]):
        near = [*plain[max(n - 1, 0) : n], step, plain[n + 1], plain[-1]]
        yield f"{head}processes:\n{before}    stages:\n{''.join(dict.fromkeys(near))}"


def _entries(text, start):
    parts = text.split("\n" + start)
    first, rest = parts[0], parts[1:]
    return [first[first.index(start) :] + "\n", *(f"{start}{part}\n" for part in rest)]


def _without_gates(step):
    return re.split(r"\n        (?:entry|exit):", step)[0].rstrip("\n") + "\n"


def problems_of(text, choices=STAGES):
    """What is wrong with a file, by reading it and by its examples; its digest where nothing is."""
    try:
        read = read_policies({"mutant.yaml": text}, choices={"stage": choices}, kinds=KINDS)
    except PolicyProblem as error:
        return list(error.problems), ""
    return None, read


def verdict(mutant, digest):
    problems, read = problems_of(mutant.text)
    if read and read.digest == digest:
        return "same"
    problems = problems or run_examples(read)
    near = [problem for problem in problems if abs(problem.line - mutant.line) <= 1]
    return "refused" if near else f"wrong place: {[str(problem) for problem in problems]}"


def test_six_hundred_mutants_are_refused_in_their_place_or_mean_the_same():
    sources = [(text, problems_of(text)[1].digest) for text in pieces()]
    mutator = Mutator(seed=7)
    verdicts, missed = Counter(), []
    while sum(verdicts.values()) < WANTED:
        text, digest = sources[sum(verdicts.values()) % len(sources)]
        mutant = mutator.mutant(text)
        if mutant is None:
            continue
        found = verdict(mutant, digest)
        verdicts[found.split(":")[0]] += 1
        if found not in {"same", "refused"}:
            missed.append(f"{mutant.kind} at {mutant.line}: {found}\n{mutant.text.splitlines()[mutant.line - 1]}")
    assert missed == []
    assert verdicts["refused"] > 400


def test_mutants_of_the_whole_file_too():
    digest = problems_of(STARTER, ())[1].digest
    mutator = Mutator(seed=11)
    mutants = [mutant for _ in range(14) if (mutant := mutator.mutant(STARTER))]
    assert len(mutants) >= 8
    for mutant in mutants:
        assert verdict(mutant, digest) in {"same", "refused"}, mutant.kind
