"""Calibration: dated medians of days in stage, by process and stage. A table is a proposal until accepted."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.process import Stage


@dataclass(frozen=True)
class Median:
    """Kaplan–Meier median of days to leave in any way; None under 20 visits (then the process's fixed band holds)."""

    days: float | None
    visits: int


@dataclass(frozen=True)
class Calibration:
    """Medians as of a day; `revision` belongs to the policy revision, so limits do not drift unseen."""

    on: date | None = None
    medians: Mapping[tuple[str, str], Median] = field(default_factory=dict)  # (process id, stage id)
    floor_days: int = 7

    @property
    def revision(self) -> str:
        """Names the table in digests; empty for none."""
        return "" if self.on is None else f"calibration {self.on.isoformat()}"

    def limit(self, process: str, stage: Stage) -> tuple[float | None, str | None]:
        """`stage_median_days` and where it comes from: the median, never below the floor, else the band's upper end."""
        median = self.medians.get((process, stage.id))
        if median and median.days is not None:
            return max(median.days, float(self.floor_days)), "calibration"
        return (float(stage.expected_days[1]), "band") if stage.expected_days else (None, None)

    def to_json(self) -> str:
        """The table as text for the store: medians sorted by process and stage."""
        rows = [[*place, median.days, median.visits] for place, median in sorted(self.medians.items())]
        on = self.on.isoformat() if self.on else None
        return json.dumps({"on": on, "floor_days": self.floor_days, "medians": rows})

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """The table that `to_json` wrote."""
        table = json.loads(text)
        medians = {(process, stage): Median(days, visits) for process, stage, days, visits in table["medians"]}
        return cls(date.fromisoformat(table["on"]) if table["on"] else None, medians, table["floor_days"])
