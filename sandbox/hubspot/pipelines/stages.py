"""Pipelines and their stages, with the properties that each stage brings to a deal."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.hubspot.clock import iso
from sandbox.hubspot.schema.definitions import Property

V2: Final = (
    ("hs_v2_date_entered_{}", "datetime", "Date entered"),
    ("hs_v2_date_exited_{}", "datetime", "Date exited"),
    ("hs_v2_latest_time_in_{}", "number", "Latest time in"),
    ("hs_v2_cumulative_time_in_{}", "number", "Cumulative time in"),
)
LEGACY: Final = (
    ("hs_date_entered_{}", "datetime", "Date entered"),
    ("hs_date_exited_{}", "datetime", "Date exited"),
    ("hs_time_in_{}", "number", "Time in"),
)
_PLAIN = re.compile(r"[a-z0-9_]+")
_FIELD = {"datetime": "date", "number": "number"}


@dataclass
class Stage:
    """One stage. `old` stages have the legacy properties, too."""

    id: str
    label: str
    order: int
    metadata: dict[str, str]
    created: int
    updated: int
    old: bool = False
    archived_at: int | None = None

    @property
    def key(self) -> str:
        """How property names call it: an id that is no plain word gets a suffix."""
        if _PLAIN.fullmatch(self.id):
            return self.id
        return re.sub(r"[^a-z0-9]+", "_", self.id.lower()) + f"_{sum(self.id.encode())}"

    @property
    def probability(self) -> float:
        """The chance to win that a deal here has."""
        return float(self.metadata.get("probability", "0"))

    @property
    def closed(self) -> bool:
        """Whether deals here are won or lost."""
        return self.metadata.get("isClosed") == "true"

    @property
    def won(self) -> bool:
        """Whether deals here are won."""
        return self.closed and self.probability == 1

    def body(self) -> dict[str, Any]:
        """As the API shows it: metadata are texts."""
        found = {
            "label": self.label,
            "displayOrder": self.order,
            "metadata": self.metadata,
            "id": self.id,
            "createdAt": iso(self.created),
            "updatedAt": iso(self.updated),
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
            "archived": self.archived_at is not None,
        }
        return found | ({} if self.archived_at is None else {"archivedAt": iso(self.archived_at)})

    def properties(self, pipeline: str, at: int, *, pro: bool) -> list[Property]:
        """The calculated properties that it brings."""
        families = (V2 if pro else ()) + (LEGACY if self.old else ())
        return [
            Property(
                name.format(self.key),
                kind,
                _FIELD[kind],
                label=f'{what} "{self.label} ({pipeline})"',
                group="deal_stage_properties",
                calculated=True,
                read_only=True,
                created=at,
                updated=at,
            )
            for name, kind, what in families
        ]


@dataclass
class Pipeline:
    """One pipeline with all its stages, archived ones too."""

    id: str
    label: str
    order: int
    created: int
    updated: int
    stages: list[Stage] = field(default_factory=list)
    archived_at: int | None = None

    def body(self) -> dict[str, Any]:
        """As the API shows it: archived stages are left out."""
        living = sorted((s for s in self.stages if s.archived_at is None), key=lambda s: s.order)
        found = {
            "label": self.label,
            "displayOrder": self.order,
            "id": self.id,
            "stages": [stage.body() for stage in living],
            "createdAt": iso(self.created),
            "updatedAt": iso(self.updated),
            "archived": self.archived_at is not None,
        }
        return found | ({} if self.archived_at is None else {"archivedAt": iso(self.archived_at)})
