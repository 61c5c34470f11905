"""Archiving, restoring and merging records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.hubspot import engagements, writes
from sandbox.hubspot.records import Source
from sandbox.hubspot.schema import ENGAGEMENTS

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal
    from sandbox.hubspot.records import Record
    from sandbox.hubspot.writes import Actor


def archive(portal: Portal, kind: str, record: Record, actor: Actor) -> None:
    """Into the bin; searches lose it at once."""
    record.archived_at = portal.clock.ms()
    portal.indexes[kind].drop(record.id)
    writes.log(portal, kind, actor, "archive", record.id, values={})
    engagements.follow(portal, kind, record, record.archived_at)


def restore(portal: Portal, kind: str, record: Record) -> None:
    """Out of the bin; the date of the last change moves."""
    record.archived_at = None
    writes.touch(portal, kind, record, portal.clock.ms())
    engagements.follow(portal, kind, record, portal.clock.ms())


def merge(portal: Portal, kind: str, winner: Record, loser: Record, actor: Actor) -> Record:
    """The winner keeps its values and takes those it lacks; the loser is gone, its id leads to the winner."""
    now = portal.clock.ms()
    source = Source("MERGE_OBJECTS", actor.source.id, actor.source.label, actor.source.user_id)
    may = {name for name, known in portal.properties[kind].items() if not (known.read_only or known.calculated)}
    taken = {name: value for name, value in loser.props.items() if name in may and not winner.props.get(name)}
    merged = [part for part in winner.props.get("hs_merged_object_ids", "").split(";") if part]
    own = [part for part in loser.props.get("hs_merged_object_ids", "").split(";") if part]
    taken["hs_merged_object_ids"] = ";".join([*merged, str(loser.id), *own])
    loser.merged_into = winner.id
    portal.indexes[kind].drop(loser.id)
    _take_links(portal, kind, winner, loser)
    by = writes.Actor(actor.name, source)
    writes.apply(portal, kind, winner, by, taken, at=now, log=False)
    writes.log(portal, kind, actor, "merge", winner.id, values={"merged": str(loser.id)})
    if kind not in ENGAGEMENTS:
        engagements.roll_up(portal, kind, winner, now)
    return winner


def _take_links(portal: Portal, kind: str, winner: Record, loser: Record) -> None:
    for other, pairs in list(portal.links.kinds(kind, loser.id)):
        for number, numbers in list(pairs.items()):
            types = [t for t in portal.links.types[kind, other] if t.number in numbers and t.label != "Primary"]
            portal.links.cut(kind, loser.id, other, number)
            portal.links.put(kind, winner.id, other, number, types)
