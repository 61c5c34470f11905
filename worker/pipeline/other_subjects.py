"""Subjects other than deals: every record against the policies that name the subject. None is written to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from model.calibration import Calibration
from model.errors import PolicyProblem
from model.helpers.gc_paused import uncollected
from model.previous_verdict import FINDINGS
from model.subjects import OTHERS
from policies.files.subjects import about
from policies.judging.judge import judge
from worker.pipeline.context import context_of, memory_of
from worker.pipeline.judge import Judged, JudgedPart
from worker.pipeline.slices import shot_of, widened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from model.subjects import Subject
    from model.sync import Description
    from policies.files.policy import PolicySet
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


@dataclass
class JudgedOther(Judged):
    """The verdict on a connection's records of another subject."""

    def fill(self, report: Report) -> None:
        """The counts of the subject in the run's JSON, under its name."""
        for judged in self.parts:
            frame, findings = judged.part.wide.frame, judged.verdict.findings()
            subject, broken, was = judged.part.wide.subject, _broken(findings), _broken(judged.before)
            counts = {
                subject.many: frame.height,
                "open": int(frame["is_open"].sum() or 0),
                "findings": broken.height,
                "new": broken.join(was, on=["key", "policy"], how="anti").height,
                "cleared": was.join(broken, on=["key", "policy"], how="anti").height,
                "unknown": findings.filter(pl.col("status") == "unknown").height,
                "dormant": len(self.dormant),
            }
            setattr(report, subject.many, counts)


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
            store.keep_findings(name, run_id, subject, pl.DataFrame(schema=FINDINGS), session.lease)
            continue
        with uncollected():
            part = part_of(session, policies, description, subject)
            memory = memory_of(session, part.keys, subject)
            verdict = judge(part.judged, policies, memory, context_of(session, policies))
            store.keep_findings(name, run_id, subject, verdict.findings(), session.lease)
        yield JudgedOther(policies, [JudgedPart(part, verdict, memory.findings)])
