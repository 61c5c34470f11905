"""What happened to deals, from the versions of their properties: stage changes, moves of amount, date and others."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from connectors.hubspot import convert as to
from connectors.hubspot import deals

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from connectors.hubspot.actors import Actors
    from connectors.hubspot.convert import Converter
    from connectors.hubspot.deals import Row
    from connectors.hubspot.pipelines import Pipelines
    from connectors.hubspot.schema import Schema
    from connectors.hubspot.settings import HubspotSettings
    from model.records import Record

STAGE: Final = "dealstage"
_TOLD: Final = ("amount", "close_date", "next_step", "owner_id", "deal_type", "source")
_AT_ONCE: Final = timedelta(seconds=5)
"""A value written with the deal itself may be stamped a moment later than it."""
_CREATION: Final = timedelta(days=1)
_KEPT: Final = 20
"""HubSpot is said to keep so many versions; a list that long may have lost its oldest ones."""


class Histories:
    """Rows of the API as stage changes and field changes; what does not depend on the row is worked out once."""

    def __init__(
        self, schema: Schema, settings: HubspotSettings, pipelines: Pipelines, zone: ZoneInfo, actors: Actors
    ) -> None:
        self._pipelines, self._actors = pipelines, actors
        told = [
            (m.path, m.name, _text(m)) for m in deals.columns(schema, settings, zone) if m.field and m.name in _TOLD
        ]
        facts = [(m.path, m.name, m.convert) for m in deals.mapped_facts(schema, settings) if m.field]
        self._fields: list[tuple[str, str, Converter]] = [*told, *facts]
        self.properties = schema.having((STAGE, *(path for path, _, _ in self._fields)))

    def of(self, row: Row, record: Record) -> tuple[list[Record], list[Record]]:
        """Stage changes and field changes of a deal; notes on `record` its last edit, and a date history cut short."""
        versions = row.get("propertiesWithHistory") or {}
        born = record.get("created")
        walked = _oldest_first(versions.get(STAGE) or ())
        cut = _KEPT if _reaches(walked, born) else min(_KEPT, len(walked))
        stages = list(self._stages(row["id"], walked))
        moves: list[Record] = []
        for path, name, convert in self._fields:
            listed = _oldest_first(versions.get(path) or ())
            whole = len(listed) < cut or _reaches(listed, born)
            if name == "close_date" and not whole:
                record["unread"].append("date_history")
            moves += self._moves(row["id"], (path, name, convert), listed, born if whole else None)
        self._note_edit(versions, record)
        return stages, moves

    def _stages(self, deal: str, versions: list[Row]) -> Iterator[Record]:
        before = None
        for place, version in enumerate(versions):
            stage = to.text(version.get("value"))
            if stage is None or stage == before:
                continue
            before = stage
            yield {
                "id": _key(deal, STAGE, version, place, versions),
                "opportunity_id": deal,
                "at": to.instant(version["timestamp"]),
                "stage_name": stage,
                "pipeline": self._pipelines.of_stage.get(stage),
                "actor_id": self._actors.of(version),
            }

    def _moves(self, deal: str, how: tuple[str, str, Converter], versions: list[Row], born: Any) -> Iterator[Record]:
        """Each value beside the one before; the first is a move only where it came after the deal (`born`)."""
        path, name, convert = how
        before: Any = None
        for place, version in enumerate(versions):
            after, at = convert(version.get("value")), to.instant(version["timestamp"])
            first = place == 0 and (born is None or at is None or at <= born + _AT_ONCE)
            if not first and after != before:
                yield {
                    "id": _key(deal, path, version, place, versions),
                    "opportunity_id": deal,
                    "field": name,
                    "before": before,
                    "after": after,
                    "changed_at": at,
                    "actor_id": self._actors.of(version),
                    "origin": "crm",
                }
            before = after

    def _note_edit(self, versions: dict[str, list[Row]], record: Record) -> None:
        """The newest version of any property that we follow, by somebody else than our own app or HubSpot itself."""
        newest = [listed[0] for listed in versions.values() if listed]
        edits = [v for v in newest if not (self._actors.of(v) or "").startswith(("automation:", self._actors.me))]
        if edits:
            last = max(edits, key=_at)
            record["last_edit"], record["modified_by"] = to.instant(last["timestamp"]), self._actors.of(last)


def _text(mapped: deals.Mapped) -> Converter:
    """A column's value as JSON can carry it."""
    if mapped.name == "amount":
        return to.amount_text
    if mapped.name == "close_date":
        return lambda value: found.isoformat() if (found := mapped.convert(value)) else None
    return mapped.convert


def _oldest_first(versions: Any) -> list[Row]:
    """HubSpot lists the newest first; two of one instant stay in the order in which they were written."""
    if len(versions) < 2:  # noqa: PLR2004 - nothing to put in order
        return list(versions)
    walked = list(reversed(versions))
    walked.sort(key=_at)
    return walked


def _at(version: Row) -> Any:
    return to.instant(version["timestamp"])


def _reaches(versions: list[Row], born: Any) -> bool:
    """Whether the oldest version is as old as the deal, so that none is missing before it."""
    if not versions or born is None:
        return not versions
    oldest = to.instant(versions[0]["timestamp"])
    return oldest is None or oldest <= born + _CREATION


def _key(deal: str, path: str, version: Row, place: int, versions: list[Row]) -> str:
    """The same at every pull: by the instant, and the place among versions of one instant."""
    at = version["timestamp"]
    twin = sum(1 for other in versions[max(0, place - 3) : place] if other["timestamp"] == at)
    return f"{deal}:{path}:{at}:{twin}" if twin else f"{deal}:{path}:{at}"
