"""A nudge: somebody works on some deals. They are read by id, judged and written at once.

No cursor moves, so the next run reads all of it again. What a nudge cannot do it leaves to that run.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from model.errors import BudgetSpent, ConnectionBusy, RetryLater, SluicegateError
from model.subjects import OPPORTUNITIES
from worker.log import log
from worker.pipeline.due.affected import can_be_partial, standing
from worker.pipeline.due.inputs import inputs_of
from worker.pipeline.due.remember import remember
from worker.pipeline.judging.judge import EveryDealConcerned, Extent, judge
from worker.pipeline.pull import Pulled, keep
from worker.pipeline.pushing.push import push
from worker.pipeline.report import Report
from worker.pipeline.run import timed
from worker.pipeline.running import counted, leased, running, spending, used_up

if TYPE_CHECKING:
    from collections.abc import Iterable

    from model.sync import Description
    from policies.files import PolicySet
    from store import Nudge
    from worker.pipeline.session import Session
    from worker.wiring import Services

STEP: Final = "nudge"
"""The kind of its run, and the step under which its calls are counted."""
RUNS: Final = frozenset({"incremental", "full"})
"""Jobs that read what changed."""
SOON: Final = timedelta(seconds=30)
AFTER: Final = timedelta(microseconds=1)
"""What was read is judged a moment later, so that the next nudge does not take it for news again."""
MOST: Final = 500
"""With more records waiting, an import is under way: the next run reads them for fewer calls."""


def nudge(services: Services, name: str) -> Report | None:
    """Work on the records that are noted; returns the report where something was new, or why it is tried again.

    Raises ConnectionBusy while a run holds the connection; what is noted waits then. After any other error the next run
    reads it.
    """
    nudges = services.store.nudges
    noted = nudges.of(name, MOST + 1)
    if why := _hopeless(services, name, noted):
        nudges.forget(name)
        leave(name, why)
        return None
    try:
        report = _work(services, name, noted) if noted else None
    except ConnectionBusy:
        raise
    except RetryLater as e:
        return Report(stopped=str(e), resumes_at=services.clock() + timedelta(seconds=e.seconds))
    except BudgetSpent as e:
        leave(name, str(e))
        report = None
    except SluicegateError:
        nudges.done(name, noted)
        raise
    nudges.done(name, noted)
    if report:
        report.resumes_at = None  # what was stopped, the next run goes on with
    return report


def _hopeless(services: Services, name: str, noted: list[Nudge]) -> str:
    """Why all that waits is left to the next run; also to one that is about to begin, so that it need not wait."""
    if len(noted) > MOST:
        return "there are too many"
    if services.store.connections.paused(name):
        return "the connection is paused"
    now = services.clock()
    runs = [job for job in services.store.jobs.of(name) if job.name in RUNS and not job.ended_at]
    due = any(not job.under_way(now) and (job.not_before is None or job.not_before <= now + SOON) for job in runs)
    return "a run is about to begin" if due and noted else ""


def _work(services: Services, name: str, noted: list[Nudge]) -> Report | None:
    with leased(services, name, services.clock()) as session, counted(session), spending(session, STEP):
        calls = session.connector.calls
        description, why = session.store.connections.description(name), _why_not(session)
        if why or description is None:
            leave(name, why)
            return None
        policies = session.policies_in_force(description)
        last = standing(session, inputs_of(session, policies, description), session.store.due.last(name))
        if last is None:
            leave(name, "something changed that concerns all deals, or something is held")
            return None
        if not session.store.due.news(name, _read(session, noted), last.as_of):
            return None
        now = replace(session, as_of=max(session.as_of, services.clock()) + AFTER)
        return _judge_and_push(now, policies, description, calls)


def _why_not(session: Session) -> str:
    """Why no deal of the connection can be judged alone, or why nothing may be read now."""
    if not can_be_partial(session):
        return "what a deal shows may depend on records of others"
    return str(used_up(session, STEP) or "")


def _read(session: Session, noted: Iterable[Nudge]) -> set[str]:
    """Read these deals with all that hangs on them, and keep it; returns their ids."""
    mirror, name = session.store.mirror, session.name
    deals = {one.id for one in noted if one.kind == OPPORTUNITIES.table}
    logged = [one.id for one in noted if one.kind != OPPORTUNITIES.table]
    if logged:
        deals |= {*session.connector.deals_with(logged), *mirror.deals_with(name, logged)}
    pulled = Pulled()
    keep(session, pulled, session.connector.whole(sorted(deals)))
    if returned := mirror.returned(name)[:MOST]:
        keep(session, pulled, session.connector.children(sorted({*returned} - deals)))
        mirror.forget_returned(name, returned, session.lease)
    return {*deals, *returned}


def _judge_and_push(session: Session, policies: PolicySet, description: Description, calls: int) -> Report:
    """Judge what was read and what depends on it, and send the patches. Tasks and moves wait for the next run.

    `calls`: those of the connector before the deals were read.
    """
    most = session.services.settings.kpis.each_run_up_to
    extent = Extent(partly=True, remembered=True, most=most)
    with running(session, STEP) as (run_id, report):
        try:
            with timed(session, report, "judge"):
                judged = judge(session, policies, description, run_id, extent, binding=True)
                judged.fill(report)
        except EveryDealConcerned:
            report.remarks.append("What changed concerns every deal; the next run judges them all.")
            return report
        try:
            with timed(session, report, "push"):
                push(session, judged, description, run_id, report, dry=False)
        finally:
            report.calls = session.connector.calls - calls
        remember(session, report, judged.inputs, judged.changes)
    return report


def leave(name: str, why: str) -> None:
    """Say that the next run reads what was noted."""
    log().info("nudges are left to the next run", connection=name, why=why)
