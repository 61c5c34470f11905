"""The reference pages of the shipped packs: each policy in English, and each flag for reps."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from policies.files import read_policies

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from model.process import Process, Stage
    from policies.files import Policy, PolicySet

MISSED: Final = "the deal moved on without it"
"""Explains the numbers that KPIs and comments in packs cite."""
PACKS_HEAD: Final = """# The shipped packs

`python -m worker.reference` generates this page from `policies/packs/`, and a test fails when it is out of date. [The
guide](revops.md#which-packs) helps to choose among the packs. [The table of rows](rows.md) says which row of the
checklist an entry answers.
"""


FLAGS_HEAD: Final = """# For reps: each flag, and how to clear it

Look up the title that you see on your deal. `python -m worker.reference` generates this page from the shipped packs.
Your RevOps team may have changed limits or added flags. The deal's *Reasons* always name the limit that applies. [The
page for reps](reps.md) explains the fields.

| flag | when you get it | to clear it |
|---|---|---|
"""


def flags_page(policy_set: PolicySet) -> str:
    """The table of all flags that a record can show, by title."""
    shown = ("warn", "enforce")
    flags = [(one.title, one.flag_if.english(), one.fix) for one in policy_set.policies if one.mode in shown]
    criteria = (place.criterion for place in policy_set.criteria())
    flags += [(one.title, MISSED, one.fix) for one in criteria if one.mode in shown]
    lines = (f"| {' | '.join(flag)} |" for flag in sorted(set(flags), key=lambda flag: (flag[0].casefold(), flag)))
    return FLAGS_HEAD + "\n".join(lines) + "\n"


def packs_page(packs: Mapping[str, PolicySet]) -> str:
    """Every pack with its facts, policies and gates in English."""
    return PACKS_HEAD + "".join(f"\n## {name}\n{_pack(pack)}" for name, pack in packs.items())


def summaries(texts: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """One row a pack: its name, how much is in it, and the first sentence of its own comment."""
    rows = []
    for name, text in texts.items():
        pack = read_policies({name: text})
        counts = (sum(not one.generated for one in pack.policies), len(pack.processes), len(list(pack.criteria())))
        head = " ".join(line.lstrip("# ") for line in takewhile(_is_comment, text.decode().splitlines()))
        sizes = dict(zip(("policies", "processes", "criteria"), counts, strict=True))
        rows.append({"pack": name.removesuffix(".yaml"), **sizes, "about": head.split(". ")[0]})
    return rows


def _is_comment(line: str) -> bool:
    return line.startswith("#")


def _pack(pack: PolicySet) -> str:
    parts = []
    if pack.declared:
        facts = (f"`{fact.name}` ({fact.type}): {fact.meaning}" for fact in pack.declared.values())
        parts.append("\nFacts to map: " + " · ".join(facts) + ".\n")
    if pack.policies:
        head = "\n| policy | mode | costs | flags a deal when | to clear it |\n|---|---|---|---|---|\n"
        parts.append(head + "".join(map(_policy, pack.policies)))
    parts += [
        f"\n### {process.title or process.id}\n\n{_claim(process)}\n{_gates(process)}" for process in pack.processes
    ]
    return "".join(parts)


def _policy(policy: Policy) -> str:
    about = "" if policy.subject == "opportunity" else f", about a {policy.subject}"
    cost = f"{policy.points} ({policy.severity})"
    return f"| `{policy.id}` | {policy.mode}{about} | {cost} | {_when(policy)} | {policy.fix} |\n"


def _when(policy: Policy) -> str:
    where = f"{policy.applies_to.english()}: " if policy.applies_to else ""
    return where + policy.flag_if.english()


def _claim(process: Process) -> str:
    if process.applies_to is None:
        return f"`{process.id}` takes the deals that no other process claims."
    return f"`{process.id}` claims a deal when {process.applies_to.english()}."


def _gates(process: Process) -> str:
    head = "\n| stage | days | on | criterion | must hold | else |\n|---|---|---|---|---|---|\n"
    return head + "".join(line for stage in process.stages for line in _stage(stage))


def _stage(stage: Stage) -> Iterator[str]:
    days = "{} to {}".format(*stage.expected_days) if stage.expected_days else ""
    criteria = [("entry", one) for one in stage.entry] + [("exit", one) for one in stage.exit]
    for side, one in criteria:
        yield f"| {stage.id} | {days} | {side} | `{one.id}` | {one.require.english()} | {one.fix} |\n"
    if not criteria:
        yield f"| {stage.id} | {days} | | | | |\n"
