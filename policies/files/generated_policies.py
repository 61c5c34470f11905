"""Policies generated from processes: one for each stage with expected days, flagging deals that stay longer."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

from policies.files.policy import Policy
from policies.language import Condition, parse_condition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from model.process import Process, Stage
    from policies.files.vocabulary import Vocabulary

Claim: TypeAlias = "tuple[str, tuple[str, ...]]"
"""The beginning of a condition, and the texts that are blank in it."""


def over_expected_policies(processes: Sequence[Process], words: Vocabulary) -> Iterator[Policy]:
    """`STAGE-over-expected`, `PROCESS-STAGE-over-expected` where two processes share the stage's id; in observe."""
    claims = _claims(processes)
    for name, process, stage in timed_stages(processes):
        yield _policy(name, (process, stage), claims[process.id], words)


def timed_stages(processes: Sequence[Process]) -> Iterator[tuple[str, Process, Stage]]:
    """The policy's id for each stage with expected days."""
    found = [(process, stage) for process in processes for stage in process.stages if stage.expected_days]
    times = Counter(stage.id for _, stage in found)
    for process, stage in found:
        name = stage.id if times[stage.id] == 1 else f"{process.id}-{stage.id}"
        yield f"{name}-over-expected", process, stage


def _claims(processes: Sequence[Process]) -> dict[str, Claim]:
    """The claim of each process; a process without one gets the deals that no other process claims."""
    claims = {p.id: p.applies_to for p in processes if isinstance(p.applies_to, Condition)}
    every = " or ".join(f"({one.text})" for one in claims.values())
    filler = tuple(sorted({text for one in claims.values() for text in one.filler}))
    left = (f"not ({every}) and " if every else "", filler)
    return {
        p.id: (f"({claims[p.id].text}) and ", tuple(sorted(claims[p.id].filler))) if p.id in claims else left
        for p in processes
    }


def _policy(name: str, place: tuple[Process, Stage], claim: Claim, words: Vocabulary) -> Policy:
    (process, stage), (claimed, filler) = place, claim
    most = (stage.expected_days or (0, 0))[1]
    return Policy(
        id=name,
        title=f"In {stage.id} over the expected {most} days",
        flag_if=_condition(f"days_in_stage > {most}", words),
        severity="info",
        points=5,
        fix="Move it to the stage it is really in, or close it",
        owner=f"process {process.id}",
        applies_to=_condition(f"{claimed}is_open and stage = '{stage.id}'", words, filler),
        topic="ageing",
        mode="observe",
        source=f"generated from expected_days of {process.id}/{stage.id}; write a policy of this id to replace it",
        generated=True,
    )


def _condition(text: str, words: Vocabulary, filler: tuple[str, ...] = ()) -> Condition:
    parsed = parse_condition(text, words.facts, filler=filler)
    if isinstance(parsed, Condition):
        return parsed
    raise ValueError(f"the generated condition {text!r} is wrong: {parsed[0].text}")
