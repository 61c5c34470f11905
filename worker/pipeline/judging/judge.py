"""Judge: every deal of the connection against every policy. Keeps the verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from model.helpers.gc_paused import uncollected
from model.helpers.words import many
from policies.judging.brake import hold_back, holds_something, newly_met
from policies.reporting.finding import findings_frame
from policies.reporting.report import deals_frame, report_on
from worker.pipeline.context import Brake, BrakeTally, context_of, local_day, not_rolled_out
from worker.pipeline.due.affected import affected_deals
from worker.pipeline.due.inputs import inputs_of
from worker.pipeline.due.remember import judged_rows
from worker.pipeline.judging.judged import Judged, JudgedPart
from worker.pipeline.past import PastFacts, verdict_on
from worker.pipeline.slices import check_scope, shots, widened
from worker.pipeline.spool import Spool
from worker.pipeline.undone import waiting

if TYPE_CHECKING:
    from model.calibration import Calibration
    from model.sync import Description
    from policies.files import PolicySet
    from policies.judging.verdict import Verdict
    from store import Approval
    from worker.pipeline.due.affected import Affected
    from worker.pipeline.session import Session
    from worker.pipeline.slices import Part
    from worker.pipeline.undone import Waiting


JUDGED_AGAIN: Final = (
    "Gates are now judged by the facts as they were at the move and at each later instant: {n} no longer missed. "
    "The brake does not hold this change."
)


@dataclass(frozen=True)
class Extent:
    """Which deals a run judges. `partly`: only those that may have changed, where that can be told.

    `remembered`: the next run may do so. `most`, of a nudge: a connection with more deals is not judged as a whole.
    """

    partly: bool = False
    remembered: bool = False
    most: int | None = None


ALL: Final = Extent()


class EveryDealConcerned(Exception):
    """Every deal may have changed, and a nudge does not judge so many."""


def judge(
    session: Session, policies: PolicySet, description: Description, run_id: int, extent: Extent = ALL, *, binding: bool
) -> Judged:
    """Judge and keep the verdict. `binding`: not a dry run, so policies new to the connection bind from now.

    Raises EveryDealConcerned for a nudge.
    """
    if extent.most is None:  # the last judging has checked it for a nudge
        check_scope(session, policies, description)
    calibration = session.store.connections.current_calibration(session.name, session.as_of)
    if binding:
        note_first_runs(session, policies)
    waits = waiting(session, policies)
    if extent.remembered:
        session.store.due.begin(session.name, session.as_of, session.lease)
    inputs = inputs_of(session, policies, description) if extent.remembered else {}
    judged = Judged(policies, waits, remarks=not_rolled_out(session, policies), inputs=inputs)
    affected = affected_deals(session, policies, description, inputs, run_id) if extent.partly else None
    judging = Judging(session, policies, description, calibration, waits)
    slices, brake = judging.slices(affected or _every(session, extent))
    if affected and brake.may_hold:
        affected = _every(session, extent)
        slices, brake = judging.slices(affected)
    judged.changes = brake.counts
    _keep_all(session, run_id, judged, slices, Brake([], []) if affected else brake.decided())
    judged.totals = session.store.due.totals(session.name) if affected else None
    return judged


def _every(session: Session, extent: Extent) -> Affected | None:
    """Not only some deals but all. Raises EveryDealConcerned where a nudge leaves them to the next run."""
    if extent.most is not None and session.store.due.deals(session.name) > extent.most:
        raise EveryDealConcerned
    return None


@dataclass(frozen=True)
class Judging:
    """What it takes to judge slices of a connection's deals."""

    session: Session
    policies: PolicySet
    description: Description
    calibration: Calibration
    waits: Waiting

    def slices(self, affected: Affected | None) -> tuple[Spool[tuple[Part, Verdict]], BrakeTally]:
        """The verdict on each slice of some deals or of all, and what the brake counts on all of them."""
        session, description, policies = self.session, self.description, self.policies
        slices, brake = Spool[tuple["Part", "Verdict"]](), BrakeTally(session, self.calibration)
        facts = PastFacts(session, description, policies)
        context = replace(context_of(session, policies), undone=self.waits.undone)
        found = affected.shots(session, description, policies) if affected else shots(session, description, policies)
        for shot in found:
            part = widened(session, shot, policies, description, self.calibration)
            verdict = verdict_on(facts, part.in_scope, part.keys, context)
            brake.add(verdict)
            slices.add((part, verdict))
        if affected:
            brake.add_others(affected.last, affected.deals)
        return slices, brake


def _keep_all(session: Session, run_id: int, judged: Judged, slices: Spool[tuple[Part, Verdict]], brake: Brake) -> None:
    """Keep the verdict on each slice, with what the brake holds left as the record shows it."""
    deals, judged_again, held = 0, 0, set[tuple[str, str]]()
    judged.approved = tuple({one.policy: one for one in (*brake.used, *judged.waits.used)}.values())
    for number, (part, verdict) in enumerate(slices, start=1):
        braked = hold_back(verdict, brake.held) if brake.held else verdict
        held |= {(one.rule.id, one.change) for one in brake.held if holds_something(one, braked)}
        judged_again += sum(newly_met(verdict, rule).len() for rule in verdict.rules if rule.place)
        with uncollected():
            judged_part = JudgedPart(part, report_on(braked))
        # with the last slice, so that a run that is killed before finds it unused, and after it used
        _keep(session, run_id, judged_part, judged.policies.digest, judged.approved if number == len(slices) else ())
        if judged.inputs:
            rows = judged_rows(session, part, judged_part.report)
            session.store.due.keep(session.name, part.keys, rows, session.lease)
        judged.parts.add(judged_part)
        judged.dormant = verdict.dormant
        deals += part.wide.frame.height
        session.services.progress("judged", deals)
    judged.remarks += [one.sentence(session.name) for one in brake.held if (one.rule.id, one.change) in held]
    judged.remarks += [JUDGED_AGAIN.format(n=many(judged_again, "criterion"))] if judged_again else []


def _keep(session: Session, run_id: int, judged: JudgedPart, digest: str, used: tuple[Approval, ...]) -> None:
    """Keep the verdict on a slice. Pauses come first, because they begin when they are seen."""
    store, name, keys, lease = session.store, session.name, judged.part.keys, session.lease
    report, verdict = judged.report, judged.verdict
    store.approvals.keep_pauses(name, verdict.pauses.frame(), keys=keys, lease=lease)
    with uncollected():
        store.verdicts.keep(
            name, run_id, session.as_of, findings_frame(report.findings), deals_frame(report), verdict.breaches(),
            keys=keys, lease=lease, digest=digest, used=used,
        )  # fmt: skip


def note_first_runs(session: Session, policies: PolicySet) -> None:
    """Record today as the first run of policies and criteria that are new here. They bind moves from now on."""
    criteria = (place.id for place in policies.criteria())
    day = local_day(session, session.as_of)
    session.store.verdicts.note_first_run(session.name, [*(p.id for p in policies.policies), *criteria], day)
