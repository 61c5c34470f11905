"""Plan: the patches that bring our fields on the records in line with the verdict, slice by slice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from model.deal_keys import ALL_DEALS
from model.helpers.gc_paused import uncollected
from model.sync import canonical
from policies.reporting.plan import PlanRow, plan
from policies.reporting.record import last_patch, wanted
from store import patch_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from model.deal_keys import DealKeys
    from model.sync import FieldRule, FieldValue, Patch
    from worker.pipeline.judging.judged import Judged, JudgedPart
    from worker.pipeline.report import Report
    from worker.pipeline.session import Session

DAILY: Final = timedelta(hours=24)


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
