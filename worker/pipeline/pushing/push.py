"""Push: compare the verdict with the CRM's values, and send patches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.pipeline.pushing.plan_patches import planned
from worker.pipeline.pushing.send import send

if TYPE_CHECKING:
    from model.sync import Description
    from worker.pipeline.judging.judged import Judged
    from worker.pipeline.report import Report
    from worker.pipeline.session import Session

NO_FIELDS: Final = (
    "Nothing can be written: none of our fields is there for our user to edit. "
    "`sluicegate connection provision {name}` makes them; `connection check {name}` says what is missing."
)


def push(session: Session, judged: Judged, description: Description, run_id: int, report: Report, *, dry: bool) -> None:
    """Plan, send and keep the outcomes. A dry run only plans."""
    if not description.writes:
        report.remarks.append(NO_FIELDS.format(name=session.name))
    slices = planned(session, judged, description.writes, report)
    if dry:
        report.patches = sum(map(len, slices))
    else:
        send(session, slices, run_id, report)
