"""Judge: every deal of the connection against every policy, and the verdict kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from model.helpers.gc_paused import uncollected
from model.helpers.words import many
from policies.judging.brake import holding, newly_met
from policies.reporting.finding import findings_frame
from policies.reporting.report import deals_frame, report_on, rule_counts
from worker.pipeline.context import context_of, held_back, local_day, not_rolled_out
from worker.pipeline.gates import verdict_on
from worker.pipeline.past_facts import PastFacts
from worker.pipeline.slices import parts

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from model.sync import Description
    from policies.files import PolicySet
    from policies.judging.verdict import Verdict
    from policies.reporting.report import VerdictReport
    from store import Approval
    from worker.pipeline.report import Report
    from worker.pipeline.session import Session
    from worker.pipeline.slices import Part


JUDGED_AGAIN: Final = (
    "Gates are now judged by the facts as they were at the move and at each later instant: {n} no longer missed. "
    "The brake does not hold this change."
)


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
    """The verdict on a connection, slice by slice; `remarks`: sentences on what is held or only observed."""

    policies: PolicySet
    parts: list[JudgedPart] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def fill(self, report: Report) -> None:
        """The counts of `run` (docs/contract.md) that judging gives."""
        report.remarks += self.remarks
        for judged in self.parts:
            frame, findings = judged.part.wide.frame, judged.report.findings
            exemptions = Counter(finding.exemption for finding in findings if finding.status == "broken")
            report.waived += exemptions["waived"]
            report.paused += exemptions["paused"]
            report.held += holding(judged.verdict)
            now = {(finding.key, finding.rule.id) for finding in findings if finding.shown}
            before = _shown(judged.verdict.previous.findings)
            report.deals += frame.height
            report.open_deals += int(frame["is_open"].sum() or 0)
            report.findings += exemptions.total()
            report.unknown += len(findings) - exemptions.total()
            report.new += len(now - before)
            report.cleared += len(before - now)
            report.dormant = len(judged.verdict.dormant)

    def counts(self) -> list[dict[str, Any]]:
        """Per rule: passed, broken, unknown (and for want of which facts) and not applicable, over all slices."""
        totals: dict[str, dict[str, Any]] = {}
        for judged in self.parts:
            for rule, count in rule_counts(judged.verdict).items():
                row = totals.setdefault(rule, {"policy": rule, **dict.fromkeys(_COUNTED, 0), "missing": {}})
                for name in _COUNTED:
                    row[name] += getattr(count, name)
                for fact, n in count.missing.items():
                    row["missing"][fact] = row["missing"].get(fact, 0) + n
        return list(totals.values())

    @property
    def dormant(self) -> tuple[str, ...]:
        """Policies and criteria that this connection maps no field for."""
        return self.parts[0].verdict.dormant if self.parts else ()


_COUNTED = ("passed", "broken", "unknown", "not_applicable")


def judge(session: Session, policies: PolicySet, description: Description, run_id: int, *, binding: bool) -> Judged:
    """Judge and keep the verdict; `binding`: no dry run, so policies new to the connection bind from now."""
    store, name = session.store, session.name
    calibration = store.connections.current_calibration(name, session.as_of)
    if binding:
        note_first_runs(session, policies)
    context = context_of(session, policies)
    found = list(parts(session, policies, description, calibration))
    facts = PastFacts(session, description, policies)
    verdicts = [verdict_on(facts, part.judged, part.keys, context) for part in found]
    brake = held_back(session, verdicts, calibration)
    remarks = [*not_rolled_out(session, policies), *(one.sentence(name) for one in brake.held)]
    judged = Judged(policies, remarks=[*remarks, *_judged_again(verdicts)])
    for part, verdict in zip(found, brake.verdicts, strict=True):
        # with the last slice, so that a run that is killed before finds it unused, and after it used
        used = brake.used if part is found[-1] else []
        with uncollected():
            judged_part = JudgedPart(part, report_on(verdict))
        _keep(session, run_id, judged_part, policies.digest, used)
        judged.parts.append(judged_part)
        session.services.progress("judged", sum(p.part.wide.frame.height for p in judged.parts))
    return judged


def _judged_again(verdicts: Iterable[Verdict]) -> list[str]:
    """A sentence where gate findings go because gates are judged by history from this run on."""
    gone = sum(newly_met(verdict, rule).len() for verdict in verdicts for rule in verdict.rules if rule.place)
    return [JUDGED_AGAIN.format(n=many(gone, "criterion"))] if gone else []


def _keep(session: Session, run_id: int, judged: JudgedPart, digest: str, used: list[Approval]) -> None:
    """Keep the verdict on a slice; its pauses first, for they begin when they are seen."""
    store, name, keys, lease = session.store, session.name, judged.part.keys, session.lease
    report, verdict = judged.report, judged.verdict
    store.approvals.keep_pauses(name, verdict.pauses.frame(), keys=keys, lease=lease)
    with uncollected():
        store.verdicts.keep(
            name, run_id, session.as_of, findings_frame(report.findings), deals_frame(report), verdict.breaches(),
            keys=keys, lease=lease, digest=digest, used=used,
        )  # fmt: skip


def note_first_runs(session: Session, policies: PolicySet) -> None:
    """From today on the policies and criteria that run here for the first time bind moves."""
    criteria = [
        f"{process.id}/{stage.id}/{criterion.id}"
        for process in policies.processes
        for stage in process.stages
        for criterion in (*stage.entry, *stage.exit)
    ]
    day = local_day(session, session.as_of)
    session.store.verdicts.note_first_run(session.name, [*(p.id for p in policies.policies), *criteria], day)


def _shown(findings: pl.DataFrame) -> set[tuple[int, str]]:
    """Key and policy of the flags on the record."""
    return set(findings.filter("shown").select("key", "policy").iter_rows())
