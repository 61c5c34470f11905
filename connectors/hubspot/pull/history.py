"""What happened to deals, from the versions of their properties: stage changes, moves of amount, date and others."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from connectors.hubspot.client import convert as to
from connectors.hubspot.pull import deals
from connectors.shared.pull.plausible import NONSENSE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from connectors.hubspot.client.convert import Converter
    from connectors.hubspot.client.schema import CrmField, Schema
    from connectors.hubspot.pull.actors import Actors
    from connectors.hubspot.pull.deals import Row
    from connectors.hubspot.pull.pipelines import Pipelines
    from connectors.hubspot.settings import HubspotSettings
    from connectors.shared.pull.mapping import Mapped
    from model.records import Record

Versions: TypeAlias = "list[dict[str, Any]]"

STAGE: Final = "dealstage"
FOLLOWED: Final = ("amount", "close_date", "next_step", "owner_id")
_AT_ONCE: Final = timedelta(seconds=5)
"""A value written with the deal itself may be stamped a moment later than it."""
_CREATION: Final = timedelta(days=1)
_STAMP: Final = itemgetter("timestamp")
_KEPT: Final = 20
"""The number of versions that HubSpot keeps; a list this long may lack its oldest ones."""
_SHORT: Final = 80
"""Characters of a value that an id may hold."""
_NEVER: Final = datetime.max.replace(tzinfo=to.EPOCH.tzinfo)


class Histories:
    """Rows of the API as stage changes and field changes; what does not depend on the row is worked out once."""

    def __init__(
        self, schema: Schema, settings: HubspotSettings, pipelines: Pipelines, zone: ZoneInfo, actors: Actors
    ) -> None:
        self._pipelines, self._actors = pipelines, actors
        read = deals.columns(schema, settings, zone)
        fields = [(m.path, m.name, _text(m)) for m in read if m.field and m.name in FOLLOWED]
        facts = [(m.path, m.name, m.convert) for m in deals.mapped_facts(schema, settings) if m.field]
        self._fields: list[tuple[str, str, Converter]] = [*fields, *facts]
        self.properties = schema.having((STAGE, *(path for path, _, _ in self._fields)))

    def of(self, row: Row, record: Record) -> tuple[list[Record], list[Record]]:
        """Stage changes and field changes of a deal; notes on `record` its last edit, and a date history cut short."""
        born: datetime | None = record.get("created")
        held = row.get("propertiesWithHistory")
        versions = {name: versions_of(row, name) for name in held} if isinstance(held, dict) else {}
        walked = versions.get(STAGE, [])
        stages = self._stages(row["id"], walked)
        cut = _KEPT if _reaches(walked, born) else min(_KEPT, len(walked))
        moves: list[Record] = []
        for how in self._fields:
            if listed := versions.get(how[0]):
                whole = len(listed) < cut or _reaches(listed, born)
                if not whole and how[1] == "close_date":
                    record["unread"].append("date_history")
                self._moves(row["id"], how, listed, born + _AT_ONCE if whole and born else _NEVER, moves)
        self._note_edit(versions, record)
        return stages, moves

    def _stages(self, deal: str, versions: Versions) -> list[Record]:
        found: list[Record] = []
        before: str | None = None
        stamp: str | None = None
        for version in versions:
            try:
                stage, earlier, stamp = to.text(version.get("value")), stamp, version["timestamp"]
            except NONSENSE:
                continue
            if stage is None or stage == before:
                continue
            before = stage
            found.append({
                "id": f"{deal}:{STAGE}:{stamp}" if stamp != earlier else f"{deal}:{STAGE}:{stamp}:{short(stage)}",
                "opportunity_id": deal,
                "at": to.instant(stamp),
                "stage_name": stage,
                "pipeline": self._pipelines.of_stage.get(stage),
                "actor_id": self._actors.of(version),
            })  # fmt: skip
        return found

    def _moves(
        self, deal: str, how: tuple[str, str, Converter], versions: Versions, late: datetime, found: list[Record]
    ) -> None:
        """Each value with the one before it. The first is a move only if it came after `late`."""
        path, name, convert = how
        first, before = True, None
        stamp: str | None = None
        for version in versions:
            try:
                after, earlier, stamp = convert(version.get("value")), stamp, version["timestamp"]
            except NONSENSE:
                continue  # a value that makes no sense is no move
            if after != before and not (first and to.instant(stamp) <= late):  # type: ignore[operator]
                found.append({
                    "id": f"{deal}:{path}:{stamp}" if stamp != earlier else f"{deal}:{path}:{stamp}:{short(after)}",
                    "opportunity_id": deal,
                    "field": name,
                    "before": before,
                    "after": after,
                    "changed_at": to.instant(stamp),
                    "actor_id": self._actors.of(version),
                    "origin": "crm",
                })  # fmt: skip
            first, before = False, after

    def _note_edit(self, versions: Mapping[str, Versions], record: Record) -> None:
        """The newest version of any property that we follow, by somebody else than our own app or HubSpot itself."""
        newest = [listed[-1] for listed in versions.values() if listed]
        newest.sort(key=_STAMP, reverse=True)
        for version in newest:
            actor = self._actors.of(version)
            if not self._actors.is_nobody(actor):
                record["last_edit"], record["modified_by"] = to.instant(version["timestamp"]), actor
                return


def short(value: Any) -> str:
    """A value as part of an id: itself, or for a long one its digest."""
    written = str(value)
    if len(written) <= _SHORT and written.isprintable():
        return written
    return hashlib.blake2b(written.encode(errors="replace"), digest_size=8).hexdigest()


def _text(mapped: Mapped[CrmField]) -> Converter:
    """A column's value as JSON can carry it; the same few values come again and again."""
    if mapped.name == "amount":
        return lru_cache(maxsize=8192)(to.amount_text)
    if mapped.name == "close_date":
        return lru_cache(maxsize=16384)(lambda value: day.isoformat() if (day := mapped.convert(value)) else None)
    return mapped.convert


def versions_of(row: Mapping[str, Any], name: str) -> Versions:
    """The versions of a property, the oldest first, without those that do not say when they were written.

    HubSpot lists the newest first; two of one instant stay in the order in which they were written.
    """
    held = row.get("propertiesWithHistory")
    listed = held.get(name) if isinstance(held, dict) else None
    walked = listed[::-1] if isinstance(listed, list) else []
    try:
        dated = None not in [to.instant(version["timestamp"]) for version in walked]
    except NONSENSE:
        dated = False
    if not dated:
        walked = [version for version in walked if _dated(version)]
    if len(walked) > 1 and str(walked[0]["timestamp"]) > str(walked[-1]["timestamp"]):
        walked.sort(key=lambda version: str(to.instant(version["timestamp"])))
    return walked


def _dated(version: Any) -> bool:
    """Whether a version has a timestamp that can be read."""
    try:
        return to.instant(version["timestamp"]) is not None
    except NONSENSE:
        return False


def _reaches(versions: Versions, born: datetime | None) -> bool:
    """Whether the oldest version is as old as the deal, so that none is missing before it."""
    if not versions or born is None:
        return not versions
    oldest = to.instant(versions[0]["timestamp"])
    return oldest is None or oldest <= born + _CREATION
