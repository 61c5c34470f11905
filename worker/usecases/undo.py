"""`runs undo`: restore the fields that a run wrote, unless somebody has changed them since."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from model.errors import SettingsProblem
from model.helpers.words import many
from store import UNDO, UNDONE
from worker.pipeline.acting.send_actions import Doing, taken_back
from worker.pipeline.judging.judge import judge
from worker.pipeline.pushing.send import recover
from worker.pipeline.report import Report
from worker.pipeline.restoring import Undoing, restore, undoing
from worker.pipeline.running import counted, leased, running
from worker.pipeline.session import Session
from worker.pipeline.undone import revisions_of
from worker.usecases.answers import UNDER_WAY as RUNNING
from worker.usecases.answers import one_run

if TYPE_CHECKING:
    from collections.abc import Collection

    from model.actions import Act
    from model.sync import Description
    from policies.files import PolicySet
    from worker.wiring import Services

NO_RUN: Final = (
    "There is no run {id}; `sluicegate runs` lists them. A dry run leaves no run, and it wrote nothing. Old runs are "
    "deleted by age (retention.runs_days)."
)
STRANGE: Final = "Run {id} belongs to the connection '{name}', which the settings do not name."
UNDER_WAY: Final = "Run {id} is still under way; wait until it has ended, or end it."
IS_UNDO: Final = (
    "Run {id} is itself an undo, of run {run}. To let through again what run {run} wrote: "
    "`sluicegate policies approve undone-records --connection {name} --up-to N --by NAME`; the next run then writes it."
)
NO_RECEIPTS: Final = (
    "Run {id} wrote {n}, but its receipts were deleted by age (retention.receipts_days), so that it cannot be undone."
)
NOTHING: Final = "Run {id} ({kind}) wrote nothing to the CRM, so there is nothing to undo."
DONE: Final = "Run {id} was undone by run {undo}; nothing of it is left to restore."
BEFORE: Final = "Run {undo} had restored {n} of run {id} before."
RESTORED: Final = "{n} restored. No run writes them again until somebody lets them through: {how}."
WOULD: Final = "{n} would be restored, and {left} would be left."
LEFT: Final = "{n} left as they are."


def undo(services: Services, run_id: str, *, by: str = "", dry_run: bool = False) -> Report:
    """Restore what a run wrote, and let the records wait for an approval. Its actions are undone, too.

    A record on which somebody has changed one of these fields since is left and named in `left`. A dry run reads the
    records and changes neither CRM nor store. Raises SettingsProblem for a run that cannot be undone.
    """
    row = _run(services, run_id)
    name = row["connection"]
    if dry_run:
        return _tried(Session(services, name, services.clock()), row, by)
    with (
        leased(services, name, services.clock(), paused_too=True) as session,
        running(session, UNDO) as (number, report),
        counted(session, report),
    ):
        recover(session, report)
        _undo(session, number, row, by, report)
    return report


def _run(services: Services, run_id: str) -> dict[str, Any]:
    """The run. Raises SettingsProblem if it has nothing that can be undone."""
    if not run_id.isdigit() or services.store.runs.get(int(run_id)) is None:
        raise SettingsProblem(NO_RUN.format(id=run_id))
    row = one_run(services, run_id)
    name, undone = row["connection"], (row["counts"].get("undo") or {}).get("run")
    if name not in services.settings.connections:
        raise SettingsProblem(STRANGE.format(id=run_id, name=name))
    if row["state"] == RUNNING:
        raise SettingsProblem(UNDER_WAY.format(id=run_id))
    if undone:
        raise SettingsProblem(IS_UNDO.format(id=run_id, run=undone, name=name))
    session = Session(services, name, services.clock())
    found = undoing(session, int(run_id))
    wrote = ((row["counts"] or {}).get("outcomes") or {}).get("written", 0)
    if wrote and not services.store.pushes.sent(name, run_id=int(run_id)):
        raise SettingsProblem(NO_RECEIPTS.format(id=run_id, n=many(wrote, "record")))
    if not found.wrote and not found.before and not _acts(session, int(run_id)):
        raise SettingsProblem(NOTHING.format(id=run_id, kind=row["kind"]))
    if not found.wrote and not _acts(session, int(run_id)):
        raise SettingsProblem(DONE.format(id=run_id, undo=found.by))
    return row


def _acts(session: Session, run_id: int) -> list[Act]:
    """What undoes the tasks and moves of a run."""
    return list(taken_back(session, [one for one in session.store.actions.all(session.name) if one.run_id == run_id]))


def _tried(session: Session, row: dict[str, Any], by: str) -> Report:
    """What an undo would do."""
    run_id = int(row["run_id"])
    report = Report(as_of=session.as_of.isoformat(), dry_run=True, undo=_asked(row, by, {}))
    found = undoing(session, run_id)
    would = restore(session, found, session.describe().writes, None, report)
    report.actions["planned"] = len(_acts(session, run_id))
    left = many(len(report.left), "record")
    report.remarks += [*_before(found), WOULD.format(n=many(would, "record"), left=left)]
    return report


def _undo(session: Session, number: int, row: dict[str, Any], by: str, report: Report) -> None:
    description = session.describe()
    policies = session.policies_in_force(description)
    found = undoing(session, int(row["run_id"]))
    report.policy_digest = policies.digest
    report.undo = _asked(row, by, _revisions(session, row, policies, description, found.policies))
    # kept before anything is sent: the records that a killed undo has restored wait, too
    session.store.runs.note(number, report.to_json(), session.lease)
    restore(session, found, description.writes, number, report)
    Doing(session, number, report).end("undo", _acts(session, found.run_id))
    judged = judge(session, policies, description, number, binding=True)
    report.remarks += _before(found)
    if written := report.outcomes["written"]:
        how = judged.waits.how(judged.waits.policies)
        report.remarks.append(RESTORED.format(n=many(written, "record"), how=how))
    if report.left:
        report.remarks.append(LEFT.format(n=many(len(report.left), "record")))


def _asked(row: dict[str, Any], by: str, revisions: dict[str, list[str]]) -> dict[str, Any]:
    return {"run": row["run_id"], "by": by, "revisions": revisions}


def _before(found: Undoing) -> list[str]:
    """A sentence if an earlier undo has restored a part."""
    n = many(found.before, "record")
    return [BEFORE.format(id=found.run_id, n=n, undo=found.by)] if found.before else []


def _revisions(
    session: Session, row: dict[str, Any], policies: PolicySet, description: Description, ids: Collection[str]
) -> dict[str, list[str]]:
    """The revisions of these policies by which the run wrote, and those in force now."""
    known = [revisions_of(session, policies, session.as_of)]
    if then := session.policies_of(row["policy_digest"], description):
        known.append(revisions_of(session, then, datetime.fromisoformat(row["as_of"])))
    found = {name: {one[name] for one in known if name in one} for name in (*sorted(ids), UNDONE)}
    return {name: sorted(revisions) for name, revisions in found.items()}
