"""Send: patches in batches that survive a kill, by the run and by workers that join it."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from model.errors import RetryLater
from model.sync import Outcome
from store import flags_in
from worker.pipeline.loops import rows_of_work
from worker.pipeline.running import spending, used_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from model.sync import FieldValue, Patch
    from store import Batch, Joined
    from worker.pipeline.report import Report
    from worker.pipeline.session import Session

TIMES: Final = 3
"""How often a batch with an unknown outcome is read back before it waits for the next run."""
STEPS: Final = ((True, "clear"), (False, "push"))
"""Whether a batch only takes flags off, and the step of the budget: in the order in which they are sent."""
UNANSWERED: Final = "the CRM did not answer; it is planned again"
SET_ASIDE: Final = "set aside: {times} workers ended while they sent it; it is planned again"


def send(session: Session, slices: Iterable[Sequence[Patch]], run_id: int, report: Report) -> None:
    """Stage every patch, then send batch by batch, first those that take flags off.

    A batch is committed as sending before it is sent. Raises BudgetSpent; what waits then is planned again.
    """
    store, name, lease = session.store, session.name, session.lease
    for patches in slices:
        for clears, some in groupby(sorted(patches, key=takes_off, reverse=True), key=takes_off):
            store.pushes.stage(name, run_id, list(some), session.connector.batch_size, lease, clears=clears)
        report.patches += len(patches)
    try:
        for clears, step in STEPS:
            with spending(session, step):
                for batch in _batches(session, step, clears=clears):
                    send_one(session, batch)
                    session.services.progress("sent", report.patches)
    finally:
        fill(session, run_id, report)


def fill(session: Session, run_id: int, report: Report) -> None:
    """Add to the report what became of the run's patches, whoever sent them."""
    sent = session.store.pushes.sent_in(run_id)
    report.outcomes |= sent.outcomes
    report.reasons |= sent.reasons
    report.joined_calls["push"] = sent.calls


def _batches(session: Session, step: str, *, clears: bool) -> Iterator[Batch]:
    """Batches of a step until none is left."""
    pushes, name, clock = session.store.pushes, session.name, session.services.clock
    return rows_of_work(
        session,
        lambda: next_batch(session, step, clears=clears),
        lambda: pushes.with_others(name, clock(), session.lease, clears=clears),
    )


def takes_off(patch: Patch) -> bool:
    """Whether a patch takes flags off a record and puts none on: such patches go first."""
    return "flag_ids" in patch.fields and flags_in(patch.fields) < flags_in(patch.before)


def next_batch(session: Session, step: str, *, clears: bool, joined: Joined | None = None) -> Batch | None:
    """The next batch of a step. Raises BudgetSpent where one waits that the budget has no calls for."""
    pushes, lease = session.store.pushes, session.lease
    if (spent := used_up(session, step)) and pushes.ready(session.name, clears=clears):
        raise spent
    return pushes.claim(session.name, session.services.clock(), lease, clears=clears, joined=joined)


def send_one(session: Session, batch: Batch, *, joined: bool = False) -> None:
    """Send one batch and keep its outcomes. `joined`: its calls are noted with it, for the run's report."""
    before = session.connector.calls
    outcomes = _outcomes(session, batch)
    calls = session.connector.calls - before if joined else 0
    now = session.services.clock()
    session.store.pushes.settle(batch, outcomes, now, session.as_of, session.lease, calls=calls)


def _outcomes(session: Session, batch: Batch) -> list[Outcome]:
    """Send a batch. After an unknown outcome, and where another worker has tried, it is read back before it is sent."""
    patches, settled = list(batch.patches), dict[str, Outcome]()
    if batch.attempts > 1:
        settled = applied(read_back(session, [patch.id for patch in patches]), patches)
    why = UNANSWERED if batch.attempts <= TIMES else SET_ASIDE.format(times=batch.attempts - 1)
    for _ in range(TIMES if batch.attempts <= TIMES else 0):
        patches = [patch for patch in batch.patches if patch.id not in settled]
        if not patches:
            break
        try:
            settled |= {outcome.id: outcome for outcome in session.connector.push(patches)}
        except RetryLater:
            settled |= applied(read_back(session, [patch.id for patch in patches]), patches)
    return [settled.get(patch.id) or Outcome(patch.id, "retry_later", why) for patch in batch.patches]


def read_back(session: Session, deals: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Read and keep these deals as the CRM has them now. Raises RetryLater."""
    page = session.connector.read(deals)
    session.store.mirror.keep_page(
        session.name, page, seen_at=session.services.clock(), as_of=session.as_of, lease=session.lease
    )
    return {row["id"]: row for row in page.records["opportunity"]}


def applied(rows: Mapping[str, dict[str, Any]], patches: list[Patch]) -> dict[str, Outcome]:
    """Outcomes of applied patches, and of patches on deals that are gone or unreadable. The others are to be sent."""
    found: dict[str, Outcome] = {}
    for patch in patches:
        row = rows.get(patch.id)
        if row is None:
            found[patch.id] = Outcome(patch.id, "retry_later", "it could not be read back; it is planned again")
        elif row.get("gone"):
            found[patch.id] = Outcome(patch.id, "gone", "the deal is no longer there")
        elif all(row["ours"].get(name) == as_read(value) for name, value in patch.fields.items()):
            found[patch.id] = Outcome(patch.id, "written", "found applied when read back")
    return found


def as_read(value: FieldValue) -> FieldValue:
    """A value in the form of a read record's `ours`: dates as text."""
    return value.isoformat() if isinstance(value, date) else value


def recover(session: Session, report: Report) -> None:
    """Read back the batches that an earlier run left in flight. Patches that were not applied are planned again."""
    store, name = session.store, session.name
    for batch in store.pushes.in_flight(name):
        patches = list(batch.patches)
        found = applied(read_back(session, [patch.id for patch in patches]), patches)
        lost = Outcome("", "retry_later", "a run was stopped while it was in flight; it is planned again")
        outcomes = [found.get(patch.id) or Outcome(patch.id, lost.kind, lost.reason) for patch in patches]
        store.pushes.settle(batch, outcomes, session.services.clock(), session.as_of, session.lease)
        done = sum(outcome.kind == "written" for outcome in found.values())
        report.remarks.append(f"Batch {batch.id} was in flight when a run was stopped; {done} had been applied.")
    store.pushes.drop_ready(name, session.lease)
