"""What people, imports and workflows do in the portal behind the API: edits, bulk edits, merges, moved stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.hubspot.admin import (
    activate_owner,
    add_stage,
    archive_stage,
    deactivate_owner,
    edit_pipeline,
    edit_stage,
    give_scope,
    hide_property,
    lock,
    show_property,
    take_scope,
    unlock,
)
from sandbox.hubspot.associations.with_records import associate
from sandbox.hubspot.clock import moment
from sandbox.hubspot.records import checks, merging, writes
from sandbox.hubspot.records.table import Source
from sandbox.hubspot.records.writes import Actor
from sandbox.hubspot.schema.definitions import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.hubspot.portal import Portal
    from sandbox.hubspot.records.table import Record

__all__ = [
    "IMPORT", "WORKFLOW", "activate_owner", "actor", "add_stage", "archive_stage", "bulk_edit", "clone",
    "create_as", "deactivate_owner", "delete_as", "edit_as", "edit_pipeline", "edit_stage", "erase", "give_scope",
    "hide_property", "instant", "link", "lock", "merge_contacts", "merge_deals", "record_of", "restore",
    "show_property", "take_scope", "unlock",
]  # fmt: skip
IMPORT, WORKFLOW = "import", "workflow"
"""Names that `user` may have besides mail addresses and owner ids: a file, or a workflow."""


def actor(portal: Portal, user: str) -> Actor:
    """A user in the screen by mail address or owner id, an import or a workflow; raises LookupError."""
    if user == IMPORT:
        return Actor(user, Source("IMPORT", "8001"))
    if user == WORKFLOW:
        return Actor(user, Source("AUTOMATION_PLATFORM", "enrollmentId:77;actionExecutionIndex:0"))
    return Actor(portal.owner(user).email, portal.source(user))


def record_of(portal: Portal, kind: str, key: str | int) -> Record:
    """A record by id, archived or not; raises LookupError."""
    found = portal.shelves[kind_of(kind)].find(key)
    if found is None:
        raise LookupError(f"no {kind} {key}")
    return found


def create_as(
    portal: Portal,
    user: str,
    kind: str,
    values: Mapping[str, Any],
    *,
    links: Mapping[str, Iterable[str | int]] | None = None,
    at: int | None = None,
) -> str:
    """What somebody creates, by all rules; its id. `links` are ids by object type, `at` milliseconds."""
    kind = kind_of(kind)
    with portal.lock:
        clean = checks.checked(portal, kind, dict(values), None)
        made = writes.create(portal, kind, actor(portal, user), clean, at=at)
        for other, ids in (links or {}).items():
            for key in ids:
                link(portal, kind, made.id, other, key)
    return str(made.id)


def edit_as(
    portal: Portal, user: str, kind: str, key: str | int, values: Mapping[str, Any], *, at: int | None = None
) -> str:
    """What somebody edits, by all rules; raises ApiError."""
    kind = kind_of(kind)
    with portal.lock:
        record = record_of(portal, kind, key)
        clean = checks.checked(portal, kind, dict(values), record)
        writes.apply(portal, kind, record, actor(portal, user), clean, at=at)
    return str(record.id)


def delete_as(portal: Portal, user: str, kind: str, key: str | int) -> str:
    """Into the bin."""
    kind = kind_of(kind)
    with portal.lock:
        record = record_of(portal, kind, key)
        merging.archive(portal, kind, record, actor(portal, user))
    return str(record.id)


def restore(portal: Portal, kind: str, key: str | int) -> None:
    """Out of the bin."""
    with portal.lock:
        merging.restore(portal, kind_of(kind), record_of(portal, kind, key))


def erase(portal: Portal, kind: str, key: str | int) -> None:
    """Gone for good: not even among the archived ones."""
    with portal.lock:
        kind = kind_of(kind)
        record = record_of(portal, kind, key)
        for other, pairs in list(portal.links.kinds(kind, record.id)):
            for number in list(pairs):
                portal.links.cut(kind, record.id, other, number)
        portal.indexes[kind].drop(record.id)
        portal.shelves[kind].purge(record.id)


def merge_deals(portal: Portal, user: str, winner: str | int, loser: str | int) -> None:
    """Two deals become one; the loser's id leads to the winner on get, and to nothing in batches."""
    with portal.lock:
        pair = record_of(portal, "deals", winner), record_of(portal, "deals", loser)
        merging.merge(portal, "deals", *pair, actor(portal, user))


def merge_contacts(portal: Portal, user: str, winner: str | int, loser: str | int) -> None:
    """Two contacts become one."""
    with portal.lock:
        pair = record_of(portal, "contacts", winner), record_of(portal, "contacts", loser)
        merging.merge(portal, "contacts", *pair, actor(portal, user))


def clone(portal: Portal, user: str, key: str | int) -> str:
    """What a rep's Clone button makes of a deal: a new one with the same values, our fields included."""
    row = record_of(portal, "deals", key)
    known = portal.properties["deals"]
    kept = {n: v for n, v in row.props.items() if n in known and not (known[n].read_only or known[n].calculated)}
    people = list(portal.links.of("deals", row.id, "contacts"))
    values = {**kept, "dealname": f"{kept.get('dealname', '')} (clone)"}
    return create_as(
        portal, user, "deals", {n: v for n, v in values.items() if n != "createdate"}, links={"contacts": people}
    )


def bulk_edit(
    portal: Portal, user: str, values: Mapping[str, Any], ids: Iterable[str | int] | None = None, kind: str = "deals"
) -> int:
    """One edit of many records, all with one identical timestamp; without ids, of all; how many."""
    kind = kind_of(kind)
    with portal.lock:
        at, by = portal.clock.ms(), actor(portal, user)
        rows = [record_of(portal, kind, key) for key in ids] if ids is not None else list(portal.shelves[kind].alive())
        for row in rows:
            writes.apply(portal, kind, row, by, checks.checked(portal, kind, dict(values), row), at=at)
    return len(rows)


def link(portal: Portal, kind: str, key: str | int, to: str, target: str | int, *, labels: Iterable[str] = ()) -> None:
    """Associate two records, with these labels besides the plain type."""
    one, other = kind_of(kind), kind_of(to)
    with portal.lock:
        a, b = record_of(portal, one, key), record_of(portal, other, target)
        known = {t.label: t for t in portal.links.types[one, other]}
        missing = set(labels) - known.keys()
        if missing:
            raise LookupError(f"no association labels {sorted(missing)}")
        plain = [t for t in (portal.links.default(one, other),) if t]
        associate(portal, one, a.id, other, b.id, types=[*plain, *(known[label] for label in labels)])


def instant(at: str | int | None) -> int | None:
    """Milliseconds of an instant as text or number."""
    return moment(str(at)) if at is not None else None
