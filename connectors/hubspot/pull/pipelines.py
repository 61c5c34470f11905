"""Pipelines and their stages, archived ones too. Won and lost are recognised by probability; both come as texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connectors.hubspot.client import convert as to
from connectors.hubspot.client.faults import Refused
from connectors.hubspot.client.windows import results
from connectors.shared.pull.plausible import NONSENSE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.hubspot.client.client import Client
    from model.records import Record


@dataclass(frozen=True)
class Pipelines:
    """What the portal lists now. A stage belongs to one pipeline; deals may stand in stages that are not listed."""

    labels: Mapping[str, str] = field(default_factory=dict)
    """Pipeline's id → its label."""
    of_stage: Mapping[str, str] = field(default_factory=dict)
    """Stage's id → its pipeline's label."""
    stages: Mapping[str, Record] = field(default_factory=dict)
    """Stage's id → its CRM_STAGE record."""


def read(client: Client) -> Pipelines:
    """All pipelines of deals; raises Refused where our app may not see them."""
    ask = client.api("crm.pipelines.pipelines_api").get_all
    living = client.with_ids(results(client.call(ask, "deals"), "pipelines"), "crm_stage", "id")
    listed = [*living, *_archived(client, {str(pipeline["id"]) for pipeline in living})]
    labels, of_stage, stages = {}, {}, {}
    for pipeline in listed:
        labels[pipeline["id"]] = label = words(pipeline.get("label")) or pipeline["id"]
        listed_stages = pipeline.get("stages")
        for stage in client.with_ids(listed_stages if isinstance(listed_stages, list) else (), "crm_stage", "id"):
            of_stage[stage["id"]] = label
            stages[stage["id"]] = _stage(pipeline, stage, label)
    return Pipelines(labels, of_stage, stages)


def _archived(client: Client, living: set[str]) -> list[dict[str, Any]]:
    """Archived pipelines; none if the portal does not list them or lists the active ones again."""
    try:
        body = client.rest("/crm/v3/pipelines/deals?archived=true")
        found = client.with_ids(results(body, "archived pipelines"), "crm_stage", "id")
    except Refused:
        return []
    return [
        pipeline | {"archived": True}
        for pipeline in found
        if pipeline.get("archived", True) and str(pipeline["id"]) not in living
    ]


def words(value: Any) -> str | None:
    """A label; None where there is none that can be read."""
    return to.text(value) if isinstance(value, str) else None


def _chance(value: Any) -> float | None:
    """A stage's probability; None where it makes no sense."""
    try:
        return to.share(str(value or ""))
    except NONSENSE:
        return None


def _stage(pipeline: Mapping[str, Any], stage: Mapping[str, Any], label: str) -> Record:
    metadata = stage.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    chance = _chance(metadata.get("probability"))
    closed = chance in {0.0, 1.0} if metadata.get("isClosed") is None else str(metadata["isClosed"]).lower() == "true"
    return {
        "id": f"{pipeline['id']}/{stage['id']}",
        "pipeline": label,
        "name": str(stage["id"]),
        "label": words(stage.get("label")),
        "is_active": not (stage.get("archived") or pipeline.get("archived")),
        "is_closed": closed,
        "is_won": closed and chance == 1.0,
        "probability": chance,
        "forecast_category": None,
        "sort": stage.get("displayOrder"),
    }
