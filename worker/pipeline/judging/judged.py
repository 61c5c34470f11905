"""What was judged: the verdict on a connection, slice by slice, and its counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from policies.judging.brake import holding
from policies.reporting.report import rule_counts
from worker.pipeline.report import given
from worker.pipeline.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import polars as pl

    from policies.files import PolicySet
    from policies.judging.verdict import Verdict
    from policies.reporting.report import VerdictReport
    from store import Approval
    from worker.pipeline.report import Report
    from worker.pipeline.slices import Part
    from worker.pipeline.undone import Waiting

COUNTS: Final = {"deals": "deals", "open_deals": "open_deals", "broken": "findings", "unknown": "unknown",
                 "waived": "waived", "paused": "paused"}  # fmt: skip
"""A count of all deals → its name in the report."""
_COUNTED = ("passed", "broken", "unknown", "not_applicable")


@dataclass(frozen=True)
class JudgedPart:
    """A slice and the report of the verdict on it."""

    part: Part
    report: VerdictReport

    @property
    def verdict(self) -> Verdict:
        """The verdict on the slice."""
        return self.report.verdict


@dataclass
class Judged:
    """The verdict on a connection, slice by slice. `remarks`: sentences on held and observed rules.

    `waits`: records that wait as an undo left them. `approved`: the approvals that let something through.
    """

    policies: PolicySet
    waits: Waiting
    approved: tuple[Approval, ...] = ()
    parts: Spool[JudgedPart] = field(default_factory=Spool)
    remarks: list[str] = field(default_factory=list)
    dormant: tuple[str, ...] = ()
    """Policies and criteria that this connection maps no field for."""
    changes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """By rule and change, at most how many deals it changes against a week before."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """What concerns all deals, where the next run may judge only some of them."""
    totals: Mapping[str, int] | None = None
    """Counts of all deals, where only some were judged."""

    def slices(self) -> Iterator[Part]:
        """Each slice that was judged, read anew where it lies on disk."""
        return (judged.part for judged in self.parts)

    def fill(self, report: Report) -> None:
        """Add the judging counts of `run` (docs/contract.md) to a report."""
        report.remarks += self.remarks
        report.policy_digest = self.policies.digest
        report.approved += map(given, self.approved)
        for judged in self.parts:
            frame, findings = judged.part.wide.frame, judged.report.findings
            exemptions = Counter(finding.exemption for finding in findings if finding.status == "broken")
            report.waived += exemptions["waived"]
            report.paused += exemptions["paused"]
            report.held += holding(judged.verdict)
            now = {(finding.key, finding.rule.id) for finding in findings if finding.shown}
            before = _shown(judged.verdict.previous.findings)
            report.deals += frame.height
            report.judged += frame.height
            report.open_deals += int(frame["is_open"].sum() or 0)
            report.findings += exemptions.total()
            report.unknown += len(findings) - exemptions.total()
            report.new += len(now - before)
            report.cleared += len(before - now)
            report.dormant = len(judged.verdict.dormant)
        for name, count in (self.totals or {}).items():
            setattr(report, COUNTS[name], count)

    def counts(self) -> list[dict[str, Any]]:
        """Counts per rule over all slices: passed, broken, unknown (with the missing facts), not applicable."""
        totals: dict[str, dict[str, Any]] = {}
        for judged in self.parts:
            for rule, count in rule_counts(judged.verdict).items():
                row = totals.setdefault(rule, {"policy": rule, **dict.fromkeys(_COUNTED, 0), "missing": {}})
                for name in _COUNTED:
                    row[name] += getattr(count, name)
                for fact, n in count.missing.items():
                    row["missing"][fact] = row["missing"].get(fact, 0) + n
        return list(totals.values())


def _shown(findings: pl.DataFrame) -> set[tuple[int, str]]:
    """Key and policy of the flags on the record."""
    return set(findings.filter("shown").select("key", "policy").iter_rows())
