"""Verdicts written by hand, and where a judged deal differs from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.cases.neutral import RUNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tests.neutral import Story

PROCESS = "mid-market"


@dataclass(frozen=True)
class Spoken:
    """What a story's file says: the verdict by the index of its run."""

    verdicts: Mapping[int, Mapping[str, Any]]
    process: str = PROCESS

    @classmethod
    def of(cls, story: Story) -> Spoken:
        """The last run's verdict, and those of `then` by the day of their run."""
        days = [at.date().isoformat() for at in RUNS]
        then = {days.index(str(day)): expected for day, expected in story.beside.get("then", {}).items()}
        return cls({**then, len(RUNS) - 1: story.beside["verdict"]}, story.beside.get("process", PROCESS))


def wrong_by_hand(stories: Iterable[Story], runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each difference between the stories' verdicts and what the runs came to, by deal."""
    return [
        f"{story.id}: {line}"
        for story in stories
        if "verdict" in story.beside
        for line in wrong_in(Spoken.of(story), [deals.get(story.id) for deals in runs])
    ]


def wrong_in(spoken: Spoken, runs: Sequence[Mapping[str, Any] | None]) -> list[str]:
    """A line for each difference between what was written by hand and what the runs came to."""
    return [
        f"{RUNS[run]:%-d %b}: {line}"
        for run, expected in sorted(spoken.verdicts.items())
        for line in _differences(expected, runs[run], spoken.process)
    ]


def _differences(expected: Mapping[str, Any], deal: Mapping[str, Any] | None, process: str) -> Iterator[str]:
    if deal is None or expected.get("gone"):
        if not (deal is None and expected.get("gone")):
            yield "is there" if deal else "is gone"
        return
    gate = deal["gate"] or {}
    wanted = {
        "score": expected.get("score"),
        "gate": expected.get("gate"),
        **{kind: [_path(c, process) for c in expected.get(kind, ())] for kind in ("breached", "waiting")},
        "unsure": [_path(c, process) for c in expected.get("unsure", ())],
        "flags": sorted(_path(f, process) for f in expected.get("flags", {})),
        "unknown": sorted(_path(f, process) for f in expected.get("unknown", {})),
    }
    found = {
        "score": deal["score"],
        "gate": gate.get("status"),
        **{kind: gate.get(kind, []) for kind in ("breached", "waiting")},
        "unsure": gate.get("unknown", []),
        "flags": sorted(flag["policy"] for flag in deal["flags"]),
        "unknown": sorted(unknown["policy"] for unknown in deal["unknown"]),
    }
    yield from (f"{key}: {found[key]}, by hand {value}" for key, value in wanted.items() if found[key] != value)
    yield from _evidence(expected, deal, process)


def _evidence(expected: Mapping[str, Any], deal: Mapping[str, Any], process: str) -> Iterator[str]:
    flags = {flag["policy"]: flag for flag in deal["flags"]}
    for name, wanted in expected.get("flags", {}).items():
        flag = flags.get(_path(name, process))
        if flag is None:
            continue
        found = {**flag["evidence"], "since": flag["since"], "shown": flag["shown"]}
        shown = {"shown": deal["is_open"] and flag["mode"] != "observe"}
        yield from (
            f"{name} {key}: {found[key]}, by hand {value}"
            for key, value in (shown | dict(wanted)).items()
            if not _same(found[key], value)
        )
    missing = {unknown["policy"]: unknown["missing"] for unknown in deal["unknown"]}
    for name, facts in expected.get("unknown", {}).items():
        if missing.get(_path(name, process), facts) != facts:
            yield f"{name} lacks {missing[_path(name, process)]}, by hand {facts}"


def _same(found: Any, wanted: Any) -> bool:
    return found == wanted or str(found) == str(wanted)


def _path(name: str, process: str) -> str:
    """`discovery/need-known` is short for the criterion of the story's process."""
    return f"{process}/{name}" if name.count("/") == 1 else name
