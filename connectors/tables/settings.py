"""The settings of a tables connection: its files, its columns, and their formats."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

DateOrder: TypeAlias = Literal["dmy", "mdy", "ymd"]


@dataclass(frozen=True)
class TablesSettings:
    """One connection of kind `tables`.

    `fields`: column of OPPORTUNITY, fact, `owner` or `account` → header of the opportunities file; for the other
    files the key carries the file, as `owners.team`. What is not named is guessed by `headers.guess`.
    `stage_entered`: stage → header of the date on which a deal entered it: gives a stage history.
    `won`, `lost`, `open`: stages and statuses that mean it; of all others the words are looked at. `dates`, `decimal`:
    how dates and amounts are written; absent, the whole column is asked. `encoding`: of the files; absent, it is found
    out. `exported_at`: when the report was made.
    """

    name: str
    opportunities: Path
    findings: Path | None = None
    owners: Path | None = None
    activities: Path | None = None
    history: Path | None = None
    products: Path | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    stage_entered: Mapping[str, str] = field(default_factory=dict)
    won: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    dates: DateOrder | None = None
    decimal: Literal[".", ","] | None = None
    encoding: str | None = None
    currency: str | None = None
    zone: str = "UTC"
    exported_at: datetime | None = None

    @property
    def tz(self) -> ZoneInfo:
        """The zone in which the report's dates and times stand."""
        return ZoneInfo(self.zone)

    @property
    def findings_path(self) -> Path:
        """Where findings are written: as set, else in the report's folder."""
        return self.findings or self.opportunities.with_name(f"{self.opportunities.stem}-findings.csv")

    def named(self, table: str) -> dict[str, str]:
        """The part of `fields` about one file; `opportunities` has the plain keys."""
        if table == "opportunities":
            return {key: header for key, header in self.fields.items() if "." not in key}
        return {key.split(".", 1)[1]: header for key, header in self.fields.items() if key.startswith(f"{table}.")}
