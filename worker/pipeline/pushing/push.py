"""Push: compare the verdict with the CRM's values, and send patches in batches that survive a kill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import orjson

from model.deal_keys import ALL_DEALS
from model.errors import RetryLater
from model.helpers.gc_paused import uncollected
from model.sync import Outcome, canonical
from policies.reporting.plan import PlanRow, plan
from policies.reporting.record import last_patch, wanted
from store import flags_in, patch_hash
from worker.pipeline.running import spending, used_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from model.deal_keys import DealKeys
    from model.sync import Description, FieldRule, FieldValue, Patch
    from store import Batch, Joined
    from worker.pipeline.judging.judge import Judged, JudgedPart
    from worker.pipeline.report import Report
    from worker.pipeline.session import Session

DAILY: Final = timedelta(hours=24)
NO_FIELDS: Final = (
    "Nothing can be written: none of our fields is there for our user to edit. "
    "`sluicegate connection provision {name}` makes them; `connection check {name}` says what is missing."
)
TIMES: Final = 3
"""How often a batch with an unknown outcome is read back before it waits for the next run."""
STEPS: Final = ((True, "clear"), (False, "push"))
"""Whether a batch only takes flags off, and the step of the budget: in the order in which they are sent."""
LOOK_SECONDS: Final = 0.5
"""How often a run looks whether the workers that joined it have sent their batches."""
UNANSWERED: Final = "the CRM did not answer; it is planned again"
SET_ASIDE: Final = "set aside: {times} workers ended while they sent it; it is planned again"


def push(session: Session, judged: Judged, description: Description, run_id: int, report: Report, *, dry: bool) -> None:
    """Plan, send and keep the outcomes. A dry run only plans."""
    if not description.writes:
        report.remarks.append(NO_FIELDS.format(name=session.name))
    slices = planned(session, judged, description.writes, report)
    if dry:
        report.patches = sum(map(len, slices))
    else:
        send(session, slices, run_id, report)


def planned(
    session: Session, judged: Judged, rules: Mapping[str, FieldRule], report: Report
) -> Iterator[Sequence[Patch]]:
    """The patches, slice by slice: only one slice of them is in memory. Records that wait are counted as held."""
    held = 0
    for part in judged.parts:
        with uncollected():
            found = plan(list(plan_rows(session, part, rules)), rules, session.as_of)
        held += found.held
        yield found.patches
    if held:
        report.held += held
        report.outcomes["held"] += held
        report.remarks.append(judged.waits.sentence(held))


@dataclass(frozen=True)
class OnRecord:
    """Our fields of a deal in the store: as last read, as last sent, and the outcome of the last tries."""

    key: int
    id: str
    is_closed: bool | None
    modified: datetime
    on_crm: dict[str, Any]
    sent: dict[str, Any]
    put_back_at: datetime | None
    last_patched_closed: bool
    refused_hash: str | None
    refused_at: datetime | None
    locked_at: datetime | None


def on_record(session: Session, keys: DealKeys = ALL_DEALS) -> Iterator[OnRecord]:
    """The store's rows with parsed JSON."""
    frame = session.store.pushes.plan_rows(session.name, keys).drop("first_seen")
    for row in frame.iter_rows(named=True):
        row["on_crm"], row["sent"] = orjson.loads(row.pop("ours") or "{}"), orjson.loads(row["sent"] or "{}")
        yield OnRecord(**row)


def plan_rows(session: Session, judged: JudgedPart, rules: Mapping[str, FieldRule]) -> Iterator[PlanRow]:
    """The fields for each deal: the verdict for judged open deals, a last patch for deals that left the pipeline."""
    wants, waiting = dict(wanted(judged.report, rules)), judged.verdict.undone.reasons
    kept_off = {finding.key for finding in judged.report.findings if finding.exemption == "undone"} if waiting else ()
    for row in on_record(session, judged.part.keys):
        want, closed = wants.get(row.key), False
        if want is None and leaves(row):
            # the store may know of a closing after as_of, which the verdict does not see
            want, closed = last_patch(rules), bool(row.is_closed)
        if want is not None and not waits(row, want, rules, session.as_of):
            yield PlanRow(
                row.id, want, row.on_crm, row.sent, row.put_back_at, closed=closed, waits=row.key in waiting,
                kept_off=row.key in kept_off,
            )  # fmt: skip


def leaves(row: OnRecord) -> bool:
    """Whether we wrote the deal while it was open or in scope, and its last patch is still due."""
    return bool(row.sent) and not row.last_patched_closed


def waits(row: OnRecord, want: Mapping[str, FieldValue], rules: Mapping[str, FieldRule], as_of: datetime) -> bool:
    """Whether to wait: a locked deal or a refused patch is tried once a day until the deal or the patch changes."""
    if row.locked_at is not None and as_of - row.locked_at < DAILY:
        return True
    if row.refused_at is None or as_of - row.refused_at >= DAILY or row.modified > row.refused_at:
        return False
    return row.refused_hash == patch_hash(differing(row, want, rules))


def differing(row: OnRecord, want: Mapping[str, FieldValue], rules: Mapping[str, FieldRule]) -> dict[str, FieldValue]:
    """The fields that differ from the record."""
    pairs = {name: (canonical(rule, want[name]), rule) for name, rule in rules.items() if name in want}
    return {name: value for name, (value, rule) in pairs.items() if value != canonical(rule, row.on_crm.get(name))}


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
    """Batches of a step until none is left, those too that joined workers could not settle."""
    pushes, clock = session.store.pushes, session.services.clock
    while True:
        if batch := next_batch(session, step, clears=clears):
            yield batch
        elif pushes.with_others(session.name, clock(), session.lease, clears=clears):
            session.services.sleep(LOOK_SECONDS)
        else:
            return


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
