"""`run`: pull, judge, measure, push and act, in this order, under the connection's lease."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from model.errors import SettingsProblem
from worker.pipeline.acting.act import act
from worker.pipeline.due.affected import can_be_partial
from worker.pipeline.due.remember import remember
from worker.pipeline.home_currency import home_of
from worker.pipeline.judging.judge import Extent, judge
from worker.pipeline.judging.other_subjects import judge_others, named
from worker.pipeline.measuring import measure, own_kpis
from worker.pipeline.pull import Pulled, pull
from worker.pipeline.pushing.push import push
from worker.pipeline.pushing.send import recover
from worker.pipeline.running import counted, leased, running, spending

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from model.subjects import Subject
    from model.sync import Description
    from worker.pipeline.judging.judged import Judged
    from worker.pipeline.report import Report
    from worker.pipeline.session import Session
    from worker.wiring import Services

VANISHED_HELD: Final = (
    "{n} deals were not found in the CRM any more, too many at once to be believed: none of them was given up. "
    "Look whether our user still sees them (`sluicegate connection check {name}`); if they really are gone, "
    "`sluicegate policies approve vanished-deals --connection {name} --up-to {n} --by NAME` marks them deleted."
)


def run(
    services: Services,
    name: str,
    *,
    full: bool = False,
    dry_run: bool = False,
    as_of: datetime | None = None,
    unwatched: bool = False,
) -> Report:
    """Run all steps on one connection and return the report.

    `unwatched`: nobody can correct a policy file now, so the last valid set stays in force if one has mistakes.
    A dry run changes neither CRM nor store. A day other than today is a dry run, unless on a sandbox.
    Where the CRM is out of reach or our share of its calls is used up, the report says so in `stopped`; what was
    kept stays kept and the next run goes on from there. Raises ConnectionBusy, AccessRefused, PolicyProblem,
    SettingsProblem.
    """
    connection = services.connection(name)
    dry = dry_run or (as_of is not None and not connection.sandbox)
    options = RunOptions(full=full, dry=dry, unwatched=unwatched)
    if dry:
        with services.store.dry_run(name, as_of) as copy:
            return _alone(services.over(copy), name, as_of, options)
    return _alone(services, name, as_of, options)


@dataclass(frozen=True)
class RunOptions:
    """Options of a run."""

    full: bool
    dry: bool
    unwatched: bool


def _alone(services: Services, name: str, as_of: datetime | None, options: RunOptions) -> Report:
    kind = "full" if options.full else "incremental"
    with leased(services, name, as_of or services.clock()) as session, running(session, kind) as (run_id, report):
        report.dry_run = options.dry
        with counted(session, report):
            _steps(session, report, run_id, options)
        given_up = session.store.jobs.set_aside(name)
        report.aside += [{"table": "job", "id": job.name, "reason": str(job.set_aside)} for job in given_up]
    return report


def _steps(session: Session, report: Report, run_id: int, options: RunOptions) -> None:
    description = session.describe()
    if note := home_of(session, description).note:
        report.remarks.append(note)
    policies = session.policies_in_force(description) if options.unwatched else session.policies(description)
    report.policy_digest = policies.digest
    with timed(session, report, "pull"):
        recover(session, report)
        pull_into(session, report, full=options.full, others=named(policies))
    with timed(session, report, "judge"):
        whole = options.full or is_small(session)
        judged = judge(
            session, policies, description, run_id, extent_of(session, options, whole=whole), binding=not options.dry
        )
        judged.fill(report)
        for other in judge_others(session, policies, description, run_id):
            other.fill(report)
    with timed(session, report, "measure"):
        if whole:
            report.remarks += _measured(session, judged, run_id, description)
    with timed(session, report, "push"):
        push(session, judged, description, run_id, report, dry=options.dry)
        with spending(session, "act"):
            act(session, judged, description, run_id, report, dry=options.dry)
    if judged.inputs:
        remember(session, report, judged.inputs, judged.changes)


def is_small(session: Session) -> bool:
    """Whether every run judges and measures all deals of the connection."""
    return session.store.due.deals(session.name) <= session.services.settings.kpis.each_run_up_to


def extent_of(session: Session, options: RunOptions, *, whole: bool) -> Extent:
    """Which deals a run judges: all of them where all are measured, and on the copy of a dry run."""
    remembered = not options.dry and can_be_partial(session) and (session.connection.nudged or not is_small(session))
    return Extent(partly=remembered and not whole, remembered=remembered)


def _measured(session: Session, judged: Judged, run_id: int, description: Description) -> tuple[str, ...]:
    """Measure. A mistake in `kpi_scope`, a targets file or a KPI of a file is a remark, and the run goes on."""
    try:
        measure(session, judged, run_id)
    except SettingsProblem as problem:
        return (f"No KPIs were measured: {problem}",)
    return own_kpis(session, description).remarks


def pull_into(session: Session, report: Report, *, full: bool, others: Collection[Subject] = ()) -> None:
    """Pull, and report the records even if the pull was stopped."""
    pulled = Pulled()
    try:
        pull(session, pulled, full=full, others=others)
    finally:
        report.pulled, report.joined_calls["pull"] = pulled.records, pulled.joined_calls
        report.aside = [asdict(aside) for aside in pulled.aside]
        report.remarks += pulled.remarks
        if pulled.given_up:
            report.resumes_at = min((spent.until for spent in pulled.given_up if spent.until), default=None)
            report.waits_for_budget = True
    if pulled.held_back:
        report.held += pulled.held_back
        report.remarks.append(VANISHED_HELD.format(n=pulled.held_back, name=session.name))


@contextmanager
def timed(session: Session, report: Report, step: str) -> Iterator[None]:
    """Note what the run does, how long the step took, and what was done by its end."""
    session.store.runs.begin_step(int(report.run_id), step, session.lease)
    start = time.perf_counter()
    yield
    report.seconds[step] = round(time.perf_counter() - start, 3)
    session.store.runs.note(int(report.run_id), report.to_json(), session.lease)
