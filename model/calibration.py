"""Calibration: dated medians of days in stage, by process and stage. A table is a proposal until accepted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date


@dataclass(frozen=True)
class Median:
    """Kaplan–Meier median of days to leave forward; None under 20 visits (then the process's fixed band holds)."""

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
