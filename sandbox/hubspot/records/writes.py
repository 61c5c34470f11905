"""Creating and changing records: what is checked, what follows, what is logged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.hubspot.clock import iso
from sandbox.hubspot.portal import Write
from sandbox.hubspot.records import deals, engagements

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal
    from sandbox.hubspot.records.table import Record, Source

_CREATED = dict.fromkeys(("deals", "contacts", "companies"), ("createdate", "hs_createdate"))


@dataclass(frozen=True)
class Actor:
    """Who writes: how the log calls them, and the source that histories keep."""

    name: str
    source: Source


def create(portal: Portal, kind: str, actor: Actor, values: dict[str, str], *, at: int | None = None) -> Record:
    """A new record of checked values."""
    now = portal.clock.ms() if at is None else at
    record = portal.shelves[kind].new(now)
    if kind == "deals":
        values = {"pipeline": "default", **values}
    start = _start(kind, record, actor, values)
    record.props = {**start}
    apply(portal, kind, record, actor, values, at=now, logged=False)
    log(portal, kind, actor, "create", record.id, values=values)
    portal.webhooks.happened("creation", kind, record.id, actor.source)
    return record


def _start(kind: str, record: Record, actor: Actor, values: dict[str, str]) -> dict[str, str]:
    source = actor.source
    found = {name: iso(record.created) for name in _CREATED.get(kind, ("hs_createdate",)) if name not in values}
    found |= {"hs_object_id": str(record.id), "hs_object_source": source.type, "hs_object_source_label": source.type}
    if source.id:
        found["hs_object_source_id"] = source.id
    if source.user_id is not None:
        found |= {"hs_object_source_user_id": str(source.user_id), "hs_created_by_user_id": str(source.user_id)}
    if source.type == "INTEGRATION":
        found["hs_object_source_detail_1"] = actor.name
    if kind not in _CREATED and source.user_id is not None:
        found["hs_created_by"] = str(source.user_id)
    return found


def apply(
    portal: Portal,
    kind: str,
    record: Record,
    actor: Actor,
    values: dict[str, str],
    *,
    at: int | None = None,
    logged: bool = True,
) -> None:
    """Put checked values onto a record, with all that follows from them."""
    now = portal.clock.ms() if at is None else at
    most = portal.settings.versions
    full = deals.given(portal, values, record.props) if kind == "deals" else values
    changed = record.put(full, actor.source, now, most)
    for name in changed:
        more = {"propertyName": name, "propertyValue": full[name]}
        portal.webhooks.happened("propertyChange", kind, record.id, actor.source, **more)
    if kind == "deals":
        record.fill(deals.derive(portal, record, changed, now))
    if kind == "contacts":
        record.fill(lifecycle(record, changed, now))
    portal.touch(kind, record, now)
    if logged:
        log(portal, kind, actor, "update", record.id, values=values)
    engagements.follow(portal, kind, record, now)


def lifecycle(record: Record, changed: list[str], at: int) -> dict[str, str]:
    """The date on which a contact came into its lifecycle stage."""
    stage = record.props.get("lifecyclestage", "")
    return {f"hs_lifecyclestage_{stage}_date": iso(at)} if stage and "lifecyclestage" in changed else {}


def log(
    portal: Portal,
    kind: str,
    actor: Actor,
    what: str,
    number: int | None,
    *,
    values: dict[str, Any],
    outcome: str = "ok",
) -> None:
    """Note an attempted write."""
    at, key = iso(portal.clock.ms()), None if number is None else str(number)
    portal.writes.append(Write(at, actor.name, kind, what, key, dict(values), outcome))
