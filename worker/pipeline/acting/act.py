"""Act: plan and do the actions of enforcing policies. Too many new actions at once are held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.actions import ABILITIES, Close, Move, Receipt
from model.helpers.words import many
from policies.actions.tasks import DAILY
from store import MANY_ACTIONS
from worker.pipeline.acting.planned_actions import plan_all
from worker.pipeline.acting.send_actions import Doing, cut_off
from worker.pipeline.context import has_brake
from worker.pipeline.report import given as as_given

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from model.actions import ActionKind, KeptAction
    from model.sync import Description
    from store import Approval
    from worker.pipeline.acting.planned_actions import Planned
    from worker.pipeline.judging.judged import Judged
    from worker.pipeline.report import Report
    from worker.pipeline.session import Session

MOST: Final = 25
"""Limit of new actions per run without an approval. With more, all of them are held."""
HELD: Final = (
    "Held: {n} are due at once; the brake allows {most} a run, so none was done. To let them through once: `sluicegate "
    "policies approve many-actions --connection {name} --up-to {count} --by NAME`."
)
NOT_ALLOWED: Final = (
    "{n} wanted and not done: this connection cannot {what}. `sluicegate connection check {name}` says what it lacks."
)
ABILITY_TEXT: Final = {"task": "make tasks", "move": "move deals"}
NOBODY: Final[Mapping[ActionKind, str]] = {
    "task_owner": "{n} not made: the deals have no active owner.",
    "task_manager": "{n} not made: no active manager of the deals' owners is known; the people file can name them.",
}


def act(session: Session, judged: Judged, description: Description, run_id: int, report: Report, *, dry: bool) -> None:
    """Do the actions that enforcing policies ask for, and end the others. A dry run only counts."""
    plan = plan_all(session, judged)
    tell_what_lacks(session, plan, description, report)
    wanted = [one for one in plan.make if ABILITIES[one.kind] in description.acts]
    again = {one.key for one in session.store.actions.standing(session.name)}
    new = [one for one in wanted if one.key not in again]
    report.actions["planned"] = len(new)
    if dry:
        return
    doing = Doing(session, run_id, report)
    doing.end("undo", cut_off(session))
    look_for(doing, plan.lost)
    if "task" in description.acts:
        doing.end("hand", plan.tasks.hand)
        end_tasks(doing, plan.tasks.end)
    given = approval(session, judged.policies.digest, len(new))
    if given is None and len(new) > MOST and has_brake(session):
        hold(session, len(new), report)
        wanted = [one for one in wanted if one.key in again]
    report.approved += [as_given(given)] if given else []
    doing.do(wanted, [given] if given else [])


def tell_what_lacks(session: Session, plan: Planned, description: Description, report: Report) -> None:
    """Report actions that the connection cannot do, and tasks without anyone to assign."""
    for ability, what in ABILITY_TEXT.items():
        count = sum(ABILITIES[one.kind] == ability for one in plan.make)
        if count and ability not in description.acts:
            report.remarks.append(NOT_ALLOWED.format(n=many(count, "action"), what=what, name=session.name))
    report.remarks += [NOBODY[kind].format(n=many(n, "task")) for kind, n in plan.tasks.nobody.items()]


def approval(session: Session, digest: str, count: int) -> Approval | None:
    """An unused approval of so many actions for this policy set, or None."""
    if count <= MOST or not has_brake(session):
        return None
    mine = (one for one in session.store.approvals.all(session.name) if one.policy == MANY_ACTIONS)
    good = [one for one in mine if one.revision == digest and one.good and count <= one.up_to]
    return good[-1] if good else None


def hold(session: Session, count: int, report: Report) -> None:
    """Hold all new actions, and report how to approve them."""
    report.held += count
    report.actions["held"] = count
    report.remarks.append(HELD.format(n=many(count, "action"), most=MOST, count=count, name=session.name))


def end_tasks(doing: Doing, ended: Sequence[KeptAction]) -> None:
    """Close the tasks of ended flags. A failed close is tried again after a day."""
    session = doing.session
    session.store.actions.end_flags(session.name, [one.key for one in ended], session.lease)
    standing = {"open", "sending", "handing", "closing"}
    due = [one for one in ended if one.state in standing and not _rests(one, session.as_of)]
    doing.end("close", [Close(one.key) for one in due])


def _rests(one: KeptAction, as_of: datetime) -> bool:
    """Whether closing the task was tried within a day."""
    return one.flag_ended and one.state == "open" and one.tried_at is not None and as_of - one.tried_at < DAILY


def look_for(doing: Doing, lost: Sequence[KeptAction]) -> None:
    """Find out by the deal's stage whether interrupted moves were made. They are not sent again."""
    if not lost:
        return
    page = doing.session.connector.read([one.deal for one in lost])
    stands = {row["id"]: row.get("stage_name") for row in page.records["opportunity"]}
    doing.note("do", [_looked(one, stands.get(one.deal)) for one in lost])


def _looked(one: KeptAction, stage: str | None) -> Receipt:
    if isinstance(one.act, Move) and stage == one.act.to_stage:
        return Receipt(one.key, "written", "found where the deal stands, a day later")
    return Receipt(one.key, "skipped", "it was cut off, and a day has passed since the move")
