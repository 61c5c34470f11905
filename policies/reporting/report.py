"""The report of a verdict: its findings and what each deal shows, computed once for record, store and counts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import orjson
import polars as pl

from model.facts import KNOWN
from model.previous_verdict import DEAL_VERDICTS
from policies.judging.reach import basis
from policies.judging.score import score_reason
from policies.judging.unknown_hold import held_deals
from policies.reporting.deal_detail import details_of, plain_detail
from policies.reporting.exemption_reasons import pausable
from policies.reporting.findings import find

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policies.judging.rules import Rule
    from policies.judging.verdict import Verdict
    from policies.reporting.deal_detail import Detail
    from policies.reporting.finding import Finding


@dataclass(frozen=True)
class VerdictReport:
    """One verdict for people, records and the store.

    `findings`: by rule in order, unknown ones last. `by_deal`: the same by key, rules in order. `deals`: see
    `deal_rows`. `details`: by key, the detail of each open deal that has more than the status of its gate.
    """

    verdict: Verdict
    findings: tuple[Finding, ...]
    by_deal: Mapping[int, Sequence[Finding]]
    deals: pl.DataFrame
    details: Mapping[int, Detail]


def report_on(verdict: Verdict) -> VerdictReport:
    """The report of a verdict."""
    findings = tuple(find(verdict))
    by_deal = _by_deal(verdict, findings)
    return VerdictReport(verdict, findings, by_deal, deal_rows(verdict), details_of(verdict, by_deal))


def _by_deal(verdict: Verdict, findings: Sequence[Finding]) -> dict[int, list[Finding]]:
    deals: dict[int, list[Finding]] = defaultdict(list)
    for finding in findings:
        deals[finding.key].append(finding)
    order = {rule.id: n for n, rule in enumerate(verdict.rules)}
    for key in verdict.unknown_cells["key"].unique():
        deals[key].sort(key=lambda finding: order[finding.rule.id])
    return deals


def deal_rows(verdict: Verdict) -> pl.DataFrame:
    """key, stage, score, score_reason and gate of every deal, with those that stay because an unknown is held.

    `score_reason` says why there is no score, or over how many policies a score is that rests on few.

    Score and gate are null on closed deals; the score also where too little is known.
    """
    rows = verdict.frame.select(
        "key", "stage", "score", pl.coalesce(score_reason(), basis()).alias("score_reason"), "gate"
    )
    held = held_deals(verdict).select("key", "score", "score_reason", "gate")
    return rows if held.is_empty() else rows.update(held, on="key", include_nulls=True)


def deals_frame(report: VerdictReport) -> pl.DataFrame:
    """One row a deal with the schema DEAL_VERDICTS, as the store keeps it."""
    plain = cache(lambda stage, gate: _text(stage, plain_detail(gate)))
    texts = [
        _text(stage, report.details[key]) if key in report.details else plain(stage, gate)
        for key, stage, gate in report.deals.select("key", "stage", "gate").iter_rows()
    ]
    return report.deals.with_columns(detail=pl.Series(texts, dtype=pl.String)).select(DEAL_VERDICTS.names())


def _text(stage: str | None, detail: Detail) -> str:
    return orjson.dumps({"stage": stage, **detail}).decode()


def exempt_deals(report: VerdictReport) -> frozenset[int]:
    """Deals with a pause in force or a waived flag."""
    verdict = report.verdict
    waived = {f.key for f in report.findings if f.exemption == "waived"} if verdict.waivers else set()
    return frozenset(verdict.pauses.in_force if pausable(verdict) else ()) | waived


class RuleCount(NamedTuple):
    """How many deals pass, break or cannot be judged by a rule; `missing`: the unknown ones by fact not read."""

    passed: int
    broken: int
    unknown: int
    not_applicable: int
    missing: Mapping[str, int]


def rule_counts(verdict: Verdict) -> dict[str, RuleCount]:
    """The counts of each rule by its id."""
    return {rule.id: _count(verdict, rule) for rule in verdict.rules}


def _count(verdict: Verdict, rule: Rule) -> RuleCount:
    answers, wide = verdict.frame[rule.broken], verdict.wide
    unknown, broken = answers.null_count(), int(answers.sum() or 0)
    not_applicable = int((~verdict.frame[rule.applies]).sum() or 0)
    rows = wide.frame.filter(answers.is_null())
    missing = {fact: int((~rows[fact + KNOWN]).sum()) for fact in sorted(rule.facts & wide.masked)}
    return RuleCount(
        verdict.frame.height - unknown - broken - not_applicable, broken, unknown, not_applicable,
        {fact: n for fact, n in missing.items() if n},
    )  # fmt: skip
