"""Restoring what a run wrote: read the records, leave what somebody has changed, and push the values before."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from model.sync import Patch, canonical
from store import flags_in
from worker.pipeline.pushing.send import read_back, send

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from model.sync import FieldRule
    from worker.pipeline.report import Report
    from worker.pipeline.session import Session

EDITED: Final = "somebody has changed {fields} since"
REWRITTEN: Final = "run {run} has written {fields} since"
READ_ONLY: Final = "Sluicegate may not write {fields} any more"
UNREAD: Final = "it could not be read"
MERGED: Final = "it was merged into {into}"
GONE: Final = "it is no longer there"


@dataclass(frozen=True)
class Undoing:
    """A run that is to be undone.

    `wrote`: by deal, the values (before, after). `later`: by deal, the later runs and the fields that each wrote.
    `before`: how many records an earlier undo has restored; `by`: that undo. `policies`: those with a flag that the
    run set or cleared.
    """

    run_id: int
    wrote: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]]
    later: Mapping[str, Sequence[tuple[int, frozenset[str]]]] = field(default_factory=dict)
    before: int = 0
    by: int = 0
    policies: frozenset[str] = frozenset()


def undoing(session: Session, run_id: int) -> Undoing:
    """What of a run can still be undone, as the store knows it."""
    store, name = session.store, session.name
    undos = [row["id"] for row in store.runs.undos(name) if _undoes(row, run_id)]
    later = store.pushes.later_writes(name, run_id)
    written = [row for row in store.pushes.of_run(run_id) if row["outcome"] == "written"]
    done = {deal for deal, runs in later.items() if any(run in undos for run, _ in runs)}
    changed = (flags_in(row["before"]) ^ flags_in(row["after"]) for row in written)
    return Undoing(
        run_id, {row["deal"]: (row["before"], row["after"]) for row in written if row["deal"] not in done}, later,
        len(done & {row["deal"] for row in written}), max(undos, default=0), frozenset().union(*changed),
    )  # fmt: skip


def _undoes(row: Mapping[str, Any], run_id: int) -> bool:
    return ((row["counts"] or {}).get("undo") or {}).get("run") == str(run_id)


def restore(
    session: Session, found: Undoing, rules: Mapping[str, FieldRule], number: int | None, report: Report
) -> int:
    """Restore batch by batch and return how many patches there were; `number`: the undo run, None: only try."""
    patches = 0
    for deals in _batches(found, session.connector.batch_size):
        rows = _read(session, deals, keep=number is not None)
        some = [patch for deal in deals if (patch := _patch(deal, rows.get(deal), found, rules, report))]
        patches += len(some)
        if number is not None:
            send(session, [some], number, report)
    if number is not None:
        report.left += _not_written(session, number)
    return patches


def _batches(found: Undoing, size: int) -> Iterator[list[str]]:
    deals = iter(found.wrote)
    while some := list(islice(deals, size)):
        yield some


def _read(session: Session, deals: list[str], *, keep: bool) -> dict[str, dict[str, Any]]:
    """These deals as the CRM has them now."""
    if keep:
        return read_back(session, deals)
    return {row["id"]: row for row in session.connector.read(deals).records["opportunity"]}


def _patch(
    deal: str, row: dict[str, Any] | None, found: Undoing, rules: Mapping[str, FieldRule], report: Report
) -> Patch | None:
    """The patch that restores a record; None if it is left, which the report then names."""
    before, after = found.wrote[deal]
    why, fields = _obstacle(row, after, found.later.get(deal, ()), rules)
    if why:
        report.left.append({"deal": deal, "name": (row or {}).get("name"), "fields": fields, "why": why})
        return None
    return Patch(deal, {name: before.get(name) for name in after}, dict(after))


def _obstacle(
    row: dict[str, Any] | None, after: Mapping[str, Any], later: Sequence[tuple[int, frozenset[str]]],
    rules: Mapping[str, FieldRule],
) -> tuple[str, list[str]]:  # fmt: skip
    """Why a record is left as it is, and for which fields; blank if it can be restored."""
    if row is None or row.get("gone"):
        into = (row or {}).get("merged_into")
        return (UNREAD if row is None else MERGED.format(into=into) if into else GONE), []
    if barred := [name for name in after if name not in rules]:
        return READ_ONLY.format(fields=", ".join(barred)), barred
    changed = [name for name in after if not _stands(rules[name], row["ours"].get(name), after[name])]
    by_runs = {run for run, fields in later if not fields.isdisjoint(changed)}
    sentence = REWRITTEN.format(run=max(by_runs), fields="{fields}") if by_runs else EDITED
    return (sentence.format(fields=", ".join(changed)), changed) if changed else ("", [])


def _stands(rule: FieldRule, now: Any, wrote: Any) -> bool:
    """Whether the record still has what was written."""
    return canonical(rule, now) == canonical(rule, wrote)


def _not_written(session: Session, number: int) -> Iterator[dict[str, Any]]:
    """Records that the CRM did not let us restore."""
    for row in session.store.pushes.of_run(number):
        if row["outcome"] != "written":
            yield {"deal": row["deal"], "name": None, "fields": list(row["after"]), "why": row["reason"] or "not sent"}
