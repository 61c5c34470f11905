"""Print a policy set: each condition as written and in English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from model.helpers.words import many
from worker.cli.common import plain, table, tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

POLICY = ("id", "mode", "open to", "costs", "written", "flags a deal when", "to clear it")
PROCESS = ("process", "written", "claims a deal when", "stages (expected days)")
GATE = ("criterion", "on", "mode", "written", "must hold", "else")


def show_test(answer: Mapping[str, Any]) -> None:
    """The answer of `policies test`."""
    tell(f"{many(answer['examples'], 'example')}, and every one holds.")
    if answer["untested"]:
        lacks = ((one["id"], ", ".join(one["lacks"])) for one in answer["untested"])
        table("Without an example", ("policy or criterion", "no example that is"), lacks)
    if answer["unnoticed"]:
        slips = ((one["id"], slip) for one in answer["unnoticed"] for slip in one["slips"])
        table("Not tested", ("policy or criterion", "what no example shows"), slips)


def show_set(answer: Mapping[str, Any], *, examples: bool) -> None:
    """The answer of `policies show`, table by table."""
    table(f"Policy set {answer['digest']}", POLICY, map(_policy, answer["policies"]))
    if answer["processes"]:
        table("Processes", PROCESS, map(_process, answer["processes"]))
    if answer["criteria"]:
        table("Stage gates", GATE, map(_gate, answer["criteria"]))
    if answer["waivers"]:
        rows = ([*map(plain, one.values())] for one in answer["waivers"])
        table("Waivers", ("policy", "deals", "where", "until", "reason", "approved by"), rows)
    if answer["undone"]:
        rows = ([*map(plain, one.values())] for one in answer["undone"])
        table("Undone: flags that wait", ("policy", "connection", "deals", "why"), rows)
    if answer["facts"]:
        table("Facts to map", ("fact", "type", "meaning"), (tuple(fact.values()) for fact in answer["facts"]))
    if examples:
        scenarios = (line for criterion in answer["criteria"] for line in _courses(criterion))
        table("Examples of gates", ("criterion", "ends", "what happens"), scenarios)


def _policy(row: Mapping[str, Any]) -> tuple[str, ...]:
    about = "" if row["subject"] == "opportunity" else f", {row['subject']}"
    written = f"{row['applies_to']}: {row['flag_if']}" if row["applies_to"] else row["flag_if"]
    cost = f"{row['points']} ({row['severity']})"
    modes = [f"{row['mode']}{about}", *(f"{case['mode']} where {case['english']}" for case in row["modes"])]
    return row["id"], "\n".join(modes), row["rollout"] or "not given", cost, written, row["english"], row["fix"]


def _process(row: Mapping[str, Any]) -> tuple[str, ...]:
    return row["id"], row["applies_to"] or "", row["english"], ", ".join(map(_stage, row["stages"]))


def _stage(stage: Mapping[str, Any]) -> str:
    days = stage["expected_days"]
    return f"{stage['id']} ({days[0]}-{days[1]})" if days else str(stage["id"])


def _gate(row: Mapping[str, Any]) -> tuple[str, ...]:
    return _name(row), row["side"], row["mode"], row["require"], row["english"], row["fix"]


def _courses(row: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for ends, courses in row["courses"].items():
        yield from ((_name(row), ends, course) for course in courses)


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['process']}/{row['stage']}/{row['id']}"
