"""Subjects other than deals: every record against the policies that name the subject. None is written to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from model.calibration import Calibration
from model.errors import PolicyProblem
from model.helpers.gc_paused import uncollected
from model.previous_verdict import FINDINGS
from model.subjects import OTHERS
from policies.files import about
from policies.judging.judge import judge
from policies.reporting.finding import findings_frame
from policies.reporting.findings import find
from policies.reporting.report import rule_counts
from worker.pipeline.context import context_of, previous_verdict
from worker.pipeline.slices import shot_of, widened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from model.subjects import Subject
    from model.sync import Description
    from policies.files import PolicySet
    from policies.judging.verdict import Verdict
    from worker.pipeline.report import Report
    from worker.pipeline.session import Session
    from worker.pipeline.slices import Part


def named(*sets: PolicySet) -> tuple[Subject, ...]:
    """The other subjects that a policy which is not off is about."""
    return tuple(subject for subject in OTHERS if any(about(policies, subject) for policies in sets))


def named_in_force(session: Session, description: Description) -> tuple[Subject, ...]:
    """Those of the policies in force; none where there are no policies that can be read."""
    if not session.named_in_files():
        return ()
    try:
        return named(session.policies_in_force(description))
    except PolicyProblem:
        return ()


@dataclass(frozen=True)
class JudgedOther:
    """The verdict on a connection's records of another subject, and its findings (FINDINGS)."""

    verdict: Verdict
    findings: pl.DataFrame

    def fill(self, report: Report) -> None:
        """The counts of the subject in the run's JSON, under its name."""
        wide, findings = self.verdict.wide, self.findings
        broken, was = _broken(findings), _broken(self.verdict.previous.findings)
        counts = {
            wide.subject.many: wide.frame.height,
            "open": int(wide.frame["is_open"].sum() or 0),
            "findings": broken.height,
            "new": broken.join(was, on=["key", "policy"], how="anti").height,
            "cleared": was.join(broken, on=["key", "policy"], how="anti").height,
            "unknown": findings.filter(pl.col("status") == "unknown").height,
            "dormant": len(self.dormant),
        }
        setattr(report, wide.subject.many, counts)

    def counts(self) -> list[dict[str, Any]]:
        """Per policy: passed, broken, unknown (and for want of which facts) and not applicable."""
        return [{"policy": rule, **count._asdict()} for rule, count in rule_counts(self.verdict).items()]

    @property
    def dormant(self) -> tuple[str, ...]:
        """Policies that this connection maps no field for."""
        return self.verdict.dormant


def _broken(findings: pl.DataFrame) -> pl.DataFrame:
    return findings.filter(pl.col("status") == "broken").select("key", "policy")


def part_of(session: Session, policies: PolicySet, description: Description, subject: Subject) -> Part:
    """A subject's records, widened as of the session's instant."""
    return widened(session, shot_of(session, description, subject), policies, description, Calibration())


def judge_others(session: Session, policies: PolicySet, description: Description, run_id: int) -> Iterator[JudgedOther]:
    """Judge and keep the findings about each other subject; where no policy names it, there are none any more."""
    store, name, asked = session.store, session.name, named(policies)
    for subject in OTHERS:
        if subject not in asked:
            store.verdicts.keep_findings(name, run_id, subject, pl.DataFrame(schema=FINDINGS), session.lease)
            continue
        with uncollected():
            part = part_of(session, policies, description, subject)
            previous = previous_verdict(session, part.keys, subject)
            verdict = judge(part.in_scope, policies, previous, context_of(session, policies))
            findings = findings_frame(tuple(find(verdict)))
            store.verdicts.keep_findings(name, run_id, subject, findings, session.lease)
        yield JudgedOther(verdict, findings)
