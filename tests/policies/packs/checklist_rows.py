"""The checklist's rows on stages and hygiene; `python -m tests.policies.packs.checklist_rows` writes `docs/rows.md`.

An entry of a pack cites the rows it answers in its `source`. `SERVED` has the rows that are practices or diagnoses.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from policies.files import read_policies
from worker.packs import pack_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policies.files import PolicySet

PAGE: Final = Path("docs/rows.md")
ROWS_HEAD: Final = """# Checklist rows and what answers them

`python -m tests.policies.packs.checklist_rows` generates this page from the `source` of every policy, criterion and
process in `policies/packs/`. A test fails when the page is out of date, when a row is missing, or when an entry cites a
row that does not exist. `sluicegate policies test` runs the examples of every entry. Off and observed policies are
marked.

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
| S70 | Stage weights 1, 2, 3, 4: `weight` of a stage, none by default |
| S71 | Stage-weighted velocity: Σ(deals × weight × value) ÷ stages (`stage_weighted_velocity_1`) |
| S72 | Stage-weighted velocity: Σ(weight × value × conversion) (`stage_weighted_velocity_2`) |
| S73 | Value × the stage's probability ÷ time (`stage_velocity_probability`) |
| S74 | Average deal velocity is days in the funnel ÷ won deals: 9,000 ÷ 50 = 180, of won or of all closed deals |
| S77 | Deal velocity is the average of days in a stage |
| S78 | 100 deals enter, 40 go on: 40 % |
| S80 | Pipeline coverage is open pipeline ÷ target, 3 to 1 at least |
| S81 | Coverage is pipeline value ÷ quota: 3 early, 4 when mature |
| S82 | Win rate is won ÷ deals that reached the proposal (`win_rate_proposal`) |
| S83 | Win rate is won ÷ all closed deals (`win_rate_closed`); closed ÷ opportunities is `opportunity_to_close_rate` |
| S84 | Win rate is won ÷ all opportunities (`win_rate_created`) |
| S85 | Conversion is converted ÷ entered × 100, for each pair of stages |
| S88 | A metric has name, purpose, formula, numerator, denominator, source and cadence |
| S89 | Top metrics: meetings and calls per rep and week, attainment of quota, win rate, cycle; benchmarks beside them |
| S90 | Quick wins: activities logged daily, weekly reviews of the pipeline, accepted leads as a leading figure |
| S91 | Lead measures of stages: volume of leads, response within 24 hours |
| S92 | Funnel metrics: value, conversion, cycle, win rate, size, cost, payback, by segment, source, region and rep |
| S94 | Reasons of loss: price, fit, a missing feature, timing, competition, no decision, a weak champion |
| S96 | A table of five stages: 400 enter Discovery, 27 are won, medians of 9, 14, 41, 12 and 11 days |
| S107 | Share and days from lead to accepted lead, by segment |
| S108 | Share and days from accepted to qualified lead: 5 to 10 for small business, 14 to 30 for enterprise |
| S109 | Share and days from qualified lead to opportunity: 7 to 14, and 20 to 45 for enterprise |
| S110 | Share and days from opportunity to proposal: 10 to 20, and 30 to 60 for enterprise |
| S111 | Share and days from proposal to won: 7 to 14, and 45 to 90 for enterprise |
| S112 | General days of a stage: 7 to 30 for small business, 15 to 60, 30 to 90 for enterprise |
| S113 | From demo to proposal 60 to 80 % |
| S114 | The median win rate is 19 % (`win_rate_created`) |

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
| X7 | Coverage should be 3 to 4 in a text, 3 early and 4 when mature in a table, and alarms under 2.5 or under 3 |
| X8 | Win rates have three denominators, so their benchmarks cannot be compared |
| X9 | Discovery stands before qualification in three documents and after it in one |
| X10 | A qualified lead needs all of BANT on entry, or a part of it |
| X11 | Stages 1 and 2 end with the same event |
| X12 | Small business has "four stages" and six rows, and "three to five questions" and four topics |
| X13 | Edges of segments: 1,000 staff belong to two, some contract values to none |
| X14 | A large deal should close in 120 days, and an enterprise deal takes six to twelve months |
| X15 | General days of a stage differ from the detailed rows |
| X23 | 57 % is the share of reps who meet their quota, or of the quota: `quota_attainment_share`, `quota_attainment` |
| X26 | Bands of discount overlap at 0, 15 and 25 % |
| X28 | The gate stands at the end of stage 2 while the test watches stages 3 and 4 |
| X29 | An alert's text breaks off or filters the wrong stages |

## Wrong sums in the documents

An N number names a sum that was computed again.

| number | result |
|---|---|
| N1 | The medians of stages do not add up to the median cycle |
| N3 | No win rate of the table is 19 %: 6.75 % of all, 14.8 % from Evaluation, 42.2 % from Proposal |
| N6 | A table has no deals in progress; a real cohort has, and they are censored |
| N7 | Three to one is a coverage, no velocity; 85 against 70 is 21.4 % more |
| N8 | The example of 180 days fails its own limit of 90 |
| N9 | From 90 to 70 days velocity rises by 28.6 %, not by 15 % |
| N10 | A risk of loss of 30 % is better than what all deals have: 65 to 78 % are lost |
| N11 | The points of the lead score sum to 150, not to 100 |
| N12 | A score of exactly 80 or exactly 50 goes to the SDR |
| N16 | The days of the stages sum to more (small business) or less (enterprise) than the stated cycle |
| N18 | With a coverage below 3, closing every deal still exceeds the target |
| N24 | Numbers of some limits were lost; the packs give no default for them |
"""
CITED: Final = re.compile(r"\bS\d+\b")
ROWS: Final[Mapping[str, str]] = {
    "S1": "Five-stage pipeline of the worked example",
    "S2": "A rate may be believed when every rep applies the same criteria",
    "S3": "No leaving stage 2 without a second stakeholder on the next call",
    "S4": "A proven change is locked in definition, gate and onboarding",
    "S5": "Lead funnel from lead to won, with entries and exits",
    "S6": "Lead: interest shown; accepted on basic fit",
    "S7": "SAL: accepted after outreach; left when BANT aligns",
    "S8": "SQL: BANT begun; left with full fit and next steps",
    "S9": "Opportunity: committed buyer; left when prices are requested",
    "S10": "Proposal: formally presented; won when signed, lost when stalled",
    "S11": "Closed: signed or lost, with a post-mortem",
    "S12": "Seven-stage pipeline",
    "S13": "Prospecting ends with an answer and an agreed call",
    "S14": "Qualification ends with budget, authority, need, timeline",
    "S15": "Discovery ends with fit, decision process, stakeholders, demo",
    "S16": "Demo ends with prices or a proposal requested",
    "S17": "Proposal ends with the buyer's answer",
    "S18": "Negotiation ends with terms agreed and contract sent",
    "S19": "Closing ends with kick-off, ownership, first value dated",
    "S20": "Five to eight stages",
    "S21": "Criteria are held in the CRM; negotiation needs issue and next action",
    "S22": "Known stall points",
    "S23": "Pipeline is not funnel",
    "S24": "Enterprise track",
    "S25": "Mid-market track",
    "S26": "Small-business track",
    "S27": "Stage audits, ageing alerts, manager reviews, calibration",
    "S28": "Qualification by segment",
    "S29": "Qualification efficiency",
    "S30": "Segments: size, stakeholders, cycle, persona",
    "S31": "Context: 15 to 40M of yearly revenue",
    "S32": "BANT for small business, MEDDIC for enterprise",
    "S33": "Funnel of seven, from awareness to expansion",
    "S34": "Pauses, recycling and re-entry are normal",
    "S35": "Shared definitions of lead, MQL, SQL, opportunity, customer",
    "S36": "Example flow in nine steps",
    "S37": "Several stakeholders at different points",
    "S38": "No activity in 14 days",
    "S39": "Negotiation over 30 days without next step, owner, issue",
    "S40": "Weekly hygiene review of 20 minutes",
    "S41": "Stale deals, missing contacts, stages that do not match reality",
    "S42": "Expected days of each stage, mid-market",
    "S43": "What long stages point to",
    "S44": "Stuck: twice the stage's median",
    "S45": "Leak signature: low conversion with long dwell",
    "S46": "Six weeks in evaluation read as a fading champion",
    "S47": "Aged: 1.5 times the stage's median",
    "S48": "Over 30 days in qualification goes to sales ops",
    "S49": "Stale over 60 days is escalated",
    "S50": "Over 45 days in proposal is fast-tracked",
    "S51": "Fifteen days behind the median is fast-tracked",
    "S52": "Velocity alarm at 120 days",
    "S53": "Velocity targets overall, by industry, by contract value",
    "S54": "Cohorts 20 % below the baseline",
    "S55": "Quartiles, and the slowest tenth",
    "S56": "Velocity by source",
    "S57": "Negotiation under two weeks",
    "S58": "Leakage indicators by stage",
    "S59": "Deviation bands of conversion",
    "S60": "Remediation for lead, SAL, SQL",
    "S61": "Remediation for opportunity and proposal",
    "S62": "Triggers in enablement systems",
    "S63": "Cadence of data",
    "S64": "Common leaks",
    "S121": "Lead routing: one hour, four hours, nurture",
    "S166": "Discount approvals by band",
    "S167": "No discount without strategy, no odd deal without the desk",
    "S168": "When a quoting tool is called for",
    "S169": "What a proposal contains",
    "S170": "Handoff at won and at signature",
    "S171": "First contact in 24 hours, handoff filled over 90 %",
    "S172": "Nobody vanishes, success criteria are written",
    "S173": "Kick-off in five business days, context and welcome",
}
SERVED: Final[Mapping[str, str]] = {
    "S20": "Practice: every shipped process has five to eight stages (tested); seven-stages is the default",
    "S22": "KPIs `stage_conversion_next` and `days_in_stage_median` by stage show all three; `stalled-negotiation`",
    "S23": "Two sets of denominators, never mixed: `stage_conversion_ever` counts deals that entered, `pipeline_value` "
    "open deals; leads are a later issue",
    "S27": "The audit is `sluicegate deals NAME --flagged`, alerts are the ageing policies, calibration is `sluicegate "
    "calibrate`; reviews of large deals stay with managers",
    "S31": "Context of the segment packs' limits, no rule",
    "S33": "Consideration to won is process `lead-funnel`; awareness, interest and expansion are a later issue",
    "S35": "One written definition for all: `lead-funnel`'s gates and the glossary; MQL and leads are a later issue",
    "S36": "Lead to won is `lead-funnel`, won to onboarding `handoff.yaml`; visits and expansion are a later issue",
    "S37": "Facts `contact_count` and `contact_roles`; engagement across an account is a later issue",
    "S40": "Practice; its list is `sluicegate deals NAME --flagged`, worst first",
    "S43": "Diagnosis on KPI `days_in_stage_median` by stage; the playbook is a later issue",
    "S45": "KPIs `stage_conversion_next` and `days_to_advance_half` by stage; the leak report is a later issue",
    "S46": "Hypothesis, named as such and observed",
    "S54": "KPIs `stage_conversion_ever` and `days_to_win_mean` by month and quarter; the alarm is a later issue",
    "S55": "KPI `days_to_win_median`; quartiles and the slowest tenth are a later issue",
    "S56": "KPI `days_to_win_mean` by source",
    "S58": "KPI `stage_conversion_next` by stage; its alarms are a later issue",
    "S59": "KPIs `stage_conversion_next` and `win_rate_closed`; alarms are a later issue, lost figures get no default",
    "S60": "Practice; a gate's `fix` is the one act on the deal, playbooks are a later issue",
    "S61": "Practice; a policy's `fix` is the one act on the deal, playbooks are a later issue",
    "S62": "Actions to other systems are a later issue; `sluicegate deals NAME --json` feeds them until then",
    "S63": "Runs are scheduled by `sluicegate beat`; each KPI has its own cadence",
    "S64": "KPI `stage_conversion_next` by stage; late procurement: `legal-and-procurement`, `paper-process`",
}
"""What serves a row that is a practice or a diagnosis; it may be cited by an entry as well."""


def cited(policy_set: PolicySet) -> Iterator[tuple[str, str]]:
    """Each row that an entry cites, with the entry as a table shows it."""
    for policy in policy_set.policies:
        if not policy.generated:
            off = f" ({policy.mode})" if policy.mode in {"off", "observe"} else ""
            yield from ((row, f"`{policy.id}`{off}") for row in CITED.findall(policy.source))
    for process in policy_set.processes:
        limits = " with its limits of expected days" if any(stage.expected_days for stage in process.stages) else ""
        yield from ((row, f"process `{process.id}`{limits}") for row in CITED.findall(process.source))
        for stage in process.stages:
            for criterion in (*stage.entry, *stage.exit):
                name = f"`{process.id}/{stage.id}/{criterion.id}`"
                yield from ((row, name) for row in CITED.findall(criterion.source))


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


if __name__ == "__main__":
    PAGE.write_text(rows_page(read_policies(pack_texts())), "utf-8")
