"""Patches of Sluicegate's mapped fields that differ; an unchanged state gives none."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from model.sync import FieldRule, FieldValue, Patch, canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

PUT_BACK_EVERY: Final = timedelta(hours=24)
"""The shortest time between two restorations of our fields on one record."""


@dataclass(frozen=True)
class PlanRow:
    """One record: the values wanted, those last read from the CRM, and those last written, all by our field names.

    A field absent from `want` stays as it is; one absent from `on_crm` is empty; `sent` has only fields that we wrote.
    `put_back_at`: when a person's change of our fields on this record was last put back. `closed`: it is the
    last patch of a deal that the verdict saw closed. `waits`: nothing is written until a person lets it through;
    `kept_off`: and a flag is kept off it until then.
    """

    id: str
    want: Mapping[str, FieldValue]
    on_crm: Mapping[str, Any]
    sent: Mapping[str, Any] = field(default_factory=dict)
    put_back_at: datetime | None = None
    closed: bool = False
    waits: bool = False
    kept_off: bool = False


@dataclass(frozen=True)
class Plan:
    """Patches in the order of the rows, and the ids of records on which they undo a person's edit (*overwritten*).

    `held`: how many records would change and wait for a person.
    """

    patches: tuple[Patch, ...]
    overwritten: tuple[str, ...]
    held: int = 0


def plan(rows: Iterable[PlanRow], rules: Mapping[str, FieldRule], as_of: datetime) -> Plan:
    """Patches that bring our fields to what is wanted; nothing outside `rules` is ever in one."""
    patches, overwritten, held = [], [], 0
    for row in rows:
        differing = _differing(row, rules)
        if row.waits:
            held += bool(differing) or row.kept_off
            continue
        edited = {name for name in differing if _edited(row, name, rules[name])}
        if edited and not _may_put_back(row, as_of):
            differing = {name: pair for name, pair in differing.items() if name not in edited}
        elif edited:
            overwritten.append(row.id)
        if differing:
            fields = {name: want for name, (want, _) in differing.items()}
            before = {name: had for name, (_, had) in differing.items()}
            patches.append(Patch(row.id, fields, before, row.closed))
    return Plan(tuple(patches), tuple(overwritten), held)


def _differing(row: PlanRow, rules: Mapping[str, FieldRule]) -> dict[str, tuple[FieldValue, FieldValue]]:
    """Field to (wanted, had), both canonical, where they differ."""
    pairs = {
        name: (canonical(rule, row.want[name]), canonical(rule, row.on_crm.get(name)))
        for name, rule in rules.items()
        if name in row.want and row.want[name] != row.on_crm.get(name)
    }
    return {name: (want, had) for name, (want, had) in pairs.items() if want != had}


def _edited(row: PlanRow, name: str, rule: FieldRule) -> bool:
    """Whether somebody changed a value that we wrote and still want."""
    return name in row.sent and canonical(rule, row.sent[name]) == canonical(rule, row.want[name])


def _may_put_back(row: PlanRow, as_of: datetime) -> bool:
    """Whether a day has passed since the last time."""
    return row.put_back_at is None or as_of - row.put_back_at >= PUT_BACK_EVERY
