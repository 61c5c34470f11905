"""Trouble that stays from run to run is reported when it begins and when it ends, not each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from store import DONE, NO_ACCOUNT

if TYPE_CHECKING:
    from store import RunEnd
    from worker.pipeline.report import Report
    from worker.pipeline.session import Session

ASIDE, REFUSED, STOPPED = "set aside: ", "refused: ", "stopped: "
READING: Final = frozenset({"full", "incremental"})
"""Kinds of runs that read the CRM, and so know which records are set aside."""
TRIED: Final = ("written", "refused", "locked", "retry_later")
LAST: Final = 10
"""Runs among which the one before is looked for."""


def note_trouble(session: Session, run_id: int, report: Report, *, kind: str, how: RunEnd) -> None:
    """Compare the run's trouble with that of the run before, and note in the report what began, lasts and ended."""
    before = _before(session, run_id)
    now = _found(report, how)
    now |= {one for one in before if one.startswith(_silent_on(session, report, kind, how))}
    report.trouble = {
        "begun": sorted(now - before), "lasting": sorted(now & before), "ended": sorted(before - now),
    }  # fmt: skip


def _found(report: Report, how: RunEnd) -> set[str]:
    """What is wrong with records, a line each, and why the run did not come through."""
    aside = {f"{ASIDE}{one['table']} {one['id']}: {one['reason']}" for one in report.aside}
    refused = {f"{REFUSED}{reason}" for reason in report.reasons}
    stopped = set() if how == DONE else {f"{STOPPED}{how.reason or how.state}"}
    return aside | refused | stopped


def _silent_on(session: Session, report: Report, kind: str, how: RunEnd) -> tuple[str, ...]:
    """Kinds of trouble of which this run can say nothing: it did not read the CRM, or tried no patch."""
    reads, done = kind in READING, how == DONE
    tried = any(report.outcomes[one] for one in TRIED)
    waits = not tried and (not done or session.store.pushes.waiting(session.name) > 0)
    return (
        *(() if reads and done else (ASIDE,)),
        *((REFUSED,) if waits else ()),
        *(() if reads else (STOPPED,)),
    )


def _before(session: Session, run_id: int) -> set[str]:
    """The trouble of the newest run before this one that kept an account of it."""
    for run in session.store.runs.latest(session.name, LAST):
        trouble = (run["counts"] or {}).get("trouble")
        if run["id"] < run_id and run["state"] not in NO_ACCOUNT and trouble is not None:
            return {*trouble["begun"], *trouble["lasting"]}
    return set()
