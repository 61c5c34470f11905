"""Archiving, restoring and merging records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.hubspot.records import engagements, writes
from sandbox.hubspot.records.table import Source
from sandbox.hubspot.schema.definitions import ENGAGEMENTS

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal
    from sandbox.hubspot.records.table import Record
    from sandbox.hubspot.records.writes import Actor

_MERGED = "hs_merged_object_ids"


def archive(portal: Portal, kind: str, record: Record, actor: Actor) -> None:
    """Into the bin; searches lose it at once."""
    record.archived_at = portal.clock.ms()
    portal.indexes[kind].drop(record.id)
    writes.log(portal, kind, actor, "archive", record.id, values={})
    portal.webhooks.happened("deletion", kind, record.id, actor.source)
    engagements.follow(portal, kind, record, record.archived_at)


def restore(portal: Portal, kind: str, record: Record) -> None:
    """Out of the bin; the date of the last change moves."""
    record.archived_at = None
    portal.webhooks.happened("restore", kind, record.id, None)
    portal.touch(kind, record, portal.clock.ms())
    engagements.follow(portal, kind, record, portal.clock.ms())


def merge(portal: Portal, kind: str, winner: Record, loser: Record, actor: Actor) -> Record:
    """The survivor has the winner's values, and the loser's where it lacks them; ids that are gone lead to it."""
    now = portal.clock.ms()
    source = Source("MERGE_OBJECTS", actor.source.id, actor.source.label, actor.source.user_id)
    gone = [winner, loser] if portal.settings.merge_makes_new else [loser]
    survivor = _copy(portal, kind, winner) if portal.settings.merge_makes_new else winner
    may = {name for name, known in portal.properties[kind].items() if not (known.read_only or known.calculated)}
    taken = {name: value for name, value in loser.props.items() if name in may and not winner.props.get(name)}
    before = [part for one in (winner, loser) for part in one.props.get(_MERGED, "").split(";") if part]
    for one in gone:
        one.merged_into = survivor.id
        portal.indexes[kind].drop(one.id)
        _take_links(portal, kind, survivor, one)
    taken[_MERGED] = ";".join([*before, *(str(one.id) for one in gone)])
    writes.apply(portal, kind, survivor, writes.Actor(actor.name, source), taken, at=now, logged=False)
    merged = {"merged": ";".join(str(one.id) for one in gone)}
    writes.log(portal, kind, actor, "merge", survivor.id, values=merged)
    ids = {"primaryObjectId": winner.id, "mergedObjectIds": [loser.id], "newObjectId": survivor.id}
    portal.webhooks.happened("merge", kind, survivor.id, actor.source, **ids)
    if kind not in ENGAGEMENTS:
        engagements.roll_up(portal, kind, survivor, now)
    return survivor


def _copy(portal: Portal, kind: str, winner: Record) -> Record:
    """A new record with the values and histories of another."""
    made = portal.shelves[kind].new(winner.created)
    made.props = {**winner.props, "hs_object_id": str(made.id)}
    made.history = {name: list(versions) for name, versions in winner.history.items()}
    return made


def _take_links(portal: Portal, kind: str, survivor: Record, gone: Record) -> None:
    """What belonged to a record that is gone belongs to the survivor; of primary ones the first stays."""
    for other, pairs in list(portal.links.kinds(kind, gone.id)):
        primary = _has_primary(portal, kind, survivor, other)
        for number, numbers in list(pairs.items()):
            known = portal.links.types[kind, other]
            types = [t for t in known if t.number in numbers and not (primary and t.label == "Primary")]
            portal.links.cut(kind, gone.id, other, number)
            portal.links.put(kind, survivor.id, other, number, types)


def _has_primary(portal: Portal, kind: str, record: Record, other: str) -> bool:
    own = {t.number for t in portal.links.types[kind, other] if t.label == "Primary"}
    return any(own & numbers for numbers in portal.links.of(kind, record.id, other).values())
