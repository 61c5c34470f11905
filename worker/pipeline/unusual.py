"""A run that writes or clears far more than its usual says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from worker.pipeline.report import Report
    from worker.pipeline.session import Session

LAST: Final = 30
"""So many earlier runs of the connection show what is usual."""
FEWEST: Final = 5
"""With fewer earlier runs nothing is known to be usual."""
LEAST: Final = 50
"""Fewer records than this are no alarm."""
TIMES: Final = 2
"""More than so many times the most of the earlier runs is far more than usual."""
USUAL: Final = frozenset({"full", "incremental", "push"})
"""Kinds of runs that write by policies."""
TEXT: Final = (
    "This run {did} {n:,} {what}, and none of the {runs} runs before it over {most:,}. "
    "`sluicegate runs {id} --changes` lists what it wrote; `sluicegate runs undo {id}` takes it back."
)


def note_unusual(session: Session, run_id: int, report: Report, kind: str) -> None:
    """Note in the report where the run wrote or cleared far more than each of the runs before it."""
    now = {"written": report.outcomes["written"], "cleared": report.cleared}
    counts = kind in USUAL and not report.dry_run and max(now.values()) >= LEAST
    before = list(_before(session, run_id)) if counts else []
    report.unusual = [
        TEXT.format(did=did, n=now[key], what=what, runs=len(before), most=most, id=run_id)
        for key, did, what in (("written", "wrote", "records"), ("cleared", "cleared", "flags"))
        if len(before) >= FEWEST and now[key] >= LEAST
        and now[key] > TIMES * (most := max(one[key] for one in before))
    ]  # fmt: skip


def _before(session: Session, run_id: int) -> Iterator[Mapping[str, Any]]:
    """What each of the last runs wrote and cleared."""
    for run in session.store.runs.latest(session.name, LAST + 1, USUAL):
        if run["id"] != run_id and run["counts"]:
            yield {"written": run["counts"]["outcomes"]["written"], "cleared": run["counts"]["cleared"]}
