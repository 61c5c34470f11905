"""The reference pages of the shipped packs: each policy in English, and each checklist row with what answers it."""

from __future__ import annotations

from collections import defaultdict
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from policies.files.reader import read_policies
from policies.reporting.checklist_rows import ROWS, SERVED, cited
from policies.reporting.rendering import gates_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from model.process import Process, Stage
    from policies.files.policy import Policy, PolicySet

MISSED: Final = "the deal moved on without it"
ROWS_HEAD: Final = """# Checklist rows and what answers them

`python -m worker.reference` generates this page from the `source` of every policy, criterion and process in
`policies/packs/`. A test fails when the page is out of date, when a row is missing, or when an entry cites a row that
does not exist. `sluicegate policies test` runs the examples of every entry. Off and observed policies are marked.

| row | asks for | answered by | or served by |
|---|---|---|---|
"""
ROWS_TAIL: Final = """
## The source documents

The policies, KPIs and checklist rows come from five documents. A number in square brackets names one of them.

| number | document |
|---|---|
| 000 | how to find and mend a leak in a pipeline |
| 001 | a programme of sales metrics |
| 002 | a pipeline of seven stages |
| 003 | processes by segment |
| 004 | a funnel from awareness to expansion |

## Rows on KPIs

The dictionary of [KPIs](kpis.md) and comments in the packs also cite these rows.

| row | says |
|---|---|
| S65 | Stage conversion is deals that advanced ÷ deals that entered, for each stage |
| S66 | Time in stage is a median, not a mean |
| S67 | Four metrics of health: conversion and time in stage lead; win rate and pipeline velocity lag |
| S69 | Pipeline velocity is deals × win rate × average value ÷ cycle length, in money a day |
| S73 | Value × the stage's probability |
| S74 | Average deal velocity is days in the funnel ÷ won deals: 9,000 ÷ 50 = 180 days |
| S77 | Deal velocity is the average of days in a stage |
| S78 | 100 deals enter, 40 go on: 40 % |
| S80 | Pipeline coverage is open pipeline ÷ target, 3 to 1 at least |
| S81 | Coverage is pipeline value ÷ quota: 3 early, 4 when mature |
| S82 | Win rate is won ÷ deals that reached the proposal |
| S83 | Win rate is won ÷ all closed deals |
| S84 | Win rate is won ÷ all opportunities |
| S85 | Conversion is converted ÷ entered × 100, for each pair of stages |
| S88 | A metric has name, purpose, formula, numerator, denominator, source and cadence |
| S92 | Funnel metrics: value, conversion, cycle, win rate, deal size, by segment, source, region, product and rep |
| S107 | Days from lead to accepted lead, by segment |
| S108 | Days from accepted to qualified lead: 5 to 10 for small business, 14 to 30 for enterprise |
| S109 | Days from qualified lead to opportunity: 7 to 14, and 20 to 45 for enterprise |
| S110 | Days from opportunity to proposal: 10 to 20, and 30 to 60 for enterprise |
| S111 | Days from proposal to won: 7 to 14, and 45 to 90 for enterprise |

## Contradictions in the documents

An X number names a contradiction between the documents. A comment at the entry says how it was resolved.

| number | contradiction |
|---|---|
| X1 | "Velocity" has six meanings; each is a metric with an id of its own |
| X2 | Deal velocity is divided by won deals, by all deals, and averaged over won deals only |
| X3 | A mean is called a median |
| X4 | "Stuck" is measured in five ways, by medians, fixed days and silence; each is a policy of its own |
| X5 | The limit for qualification is 1.5 × the median in one place and the median in another |
| X6 | A coverage of 2.5 is an alarm in one document and healthy in another; the denominators differ |
| X8 | Win rates have three denominators, so their benchmarks cannot be compared |
| X9 | Discovery stands before qualification in three documents and after it in one |
| X10 | A qualified lead needs all of BANT on entry, or a part of it |
| X11 | Stages 1 and 2 end with the same event |
| X12 | Small business has "four stages" and six rows, and "three to five questions" and four topics |
| X13 | Edges of segments: 1,000 staff belong to two, some contract values to none |
| X14 | A large deal should close in 120 days, and an enterprise deal takes six to twelve months |
| X15 | General days of a stage differ from the detailed rows |
| X26 | Bands of discount overlap at 0, 15 and 25 % |
| X28 | The gate stands at the end of stage 2 while the test watches stages 3 and 4 |
| X29 | An alert's text breaks off or filters the wrong stages |

## Wrong sums in the documents

An N number names a sum that was computed again.

| number | result |
|---|---|
| N1 | The medians of stages do not add up to the median cycle |
| N6 | A table has no deals in progress; a real cohort has, and they are censored |
| N9 | From 90 to 70 days velocity rises by 28.6 %, not by 15 % |
| N11 | The points of the lead score sum to 150, not to 100 |
| N12 | A score of exactly 80 or exactly 50 goes to the SDR |
| N16 | The days of the stages sum to more (small business) or less (enterprise) than the stated cycle |
| N18 | With a coverage below 3, closing every deal still exceeds the target |
| N24 | Numbers of some limits were lost; the packs give no default for them |
"""
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
    flags += [(one.title, MISSED, one.fix) for _, _, _, one in gates_of(policy_set) if one.mode in shown]
    lines = (f"| {' | '.join(flag)} |" for flag in sorted(set(flags), key=lambda flag: (flag[0].casefold(), flag)))
    return FLAGS_HEAD + "\n".join(lines) + "\n"


def rows_page(policy_set: PolicySet) -> str:
    """The table of all rows."""
    by_row: dict[str, list[str]] = defaultdict(list)
    for row, entry in cited(policy_set):
        by_row[row].append(entry)
    lines = (
        f"| {row} | {asks} | {', '.join(dict.fromkeys(by_row[row]))} | {SERVED.get(row, '')} |"
        for row, asks in ROWS.items()
    )
    return ROWS_HEAD + "\n".join(lines) + "\n" + ROWS_TAIL


def packs_page(packs: Mapping[str, PolicySet]) -> str:
    """Every pack with its facts, policies and gates in English."""
    return PACKS_HEAD + "".join(f"\n## {name}\n{_pack(pack)}" for name, pack in packs.items())


def summaries(texts: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """One row a pack: its name, how much is in it, and the first sentence of its own comment."""
    rows = []
    for name, text in texts.items():
        pack = read_policies({name: text})
        counts = (sum(not one.generated for one in pack.policies), len(pack.processes), len(list(gates_of(pack))))
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
